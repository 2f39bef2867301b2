#include "server/core/remote_runner.h"

#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/rpc/chunks.h"
#include "common/runner/failure.h"
#include "tests/server/core/fakes.h"

namespace plumb::server {
namespace {

using test::MakeOutput;
using testing::ElementsAre;
using testing::HasSubstr;

// Keeps what it is given; can be made to block, as a slow disk does.
class CollectingSink : public TensorSink {
 public:
  Status OnModel(const ModelInfo& /*info*/) override { return OkStatus(); }

  Status OnProbe(const std::vector<uint64_t>& /*digests*/, bool /*zero*/) override {
    return OkStatus();
  }

  Status OnInvoke(const InvokeInfo& /*info*/) override { return OkStatus(); }

  Result<uint64_t> OnChunk(uint32_t /*repetition*/,
                           uint32_t /*index*/,
                           uint64_t offset,
                           const Buffer& chunk) override {
    if (before_chunk) {
      before_chunk();
    }
    bytes += chunk.view();
    PLUMB_RETURN_IF_ERROR(refuse);
    return offset + chunk.size();
  }

  Result<uint64_t> OnTensorEnd(const TensorEnd& /*end*/) override { return 0; }

  std::string bytes;
  Status refuse;
  std::function<void()> before_chunk;
};

class RemoteRunnerTest : public testing::Test {
 protected:
  RemoteRunnerTest() { Make({std::chrono::seconds(60), 1}); }

  void Make(const RemoteRunner::Patience& patience) {
    RemoteRunner::Port port;
    port.send_run = [this](const RunSpec& /*spec*/) { sent_.set_value(); };
    port.send_cancel = [this](const Status& reason) { cancelled_.push_back(reason.message()); };
    runner_ = std::make_unique<RemoteRunner>("cam", patience, std::move(port));
  }

  void Start(uint32_t repetitions = 1) {
    RunSpec spec;
    spec.repetitions = repetitions;
    result_ =
        std::async(std::launch::async, [this, spec] { return runner_->Run(spec, sink_, cancel_); });
    sent_.get_future().wait();
    stream_ = Open().first;
  }

  std::pair<uint64_t, RemoteRunner::Answer> Open() {
    std::promise<RemoteRunner::Answer> answer;
    const uint64_t stream =
        runner_->OpenStream([&](const RemoteRunner::Answer& given) { answer.set_value(given); });
    return {stream, answer.get_future().get()};
  }

  RemoteRunner::Answer Deliver(rpc::UploadMessage message) {
    return DeliverOn(stream_, std::move(message));
  }

  RemoteRunner::Answer DeliverOn(uint64_t stream, rpc::UploadMessage message) {
    std::promise<RemoteRunner::Answer> answer;
    runner_->Deliver(stream, std::move(message), [&](const RemoteRunner::Answer& given) {
      answer.set_value(given);
    });
    return answer.get_future().get();
  }

  static rpc::UploadMessage Event(uint64_t sequence, rpc::UploadEvent event) {
    return rpc::NumberedEvent{sequence, std::move(event)};
  }

  static rpc::UploadMessage Model() {
    ModelInfo info;
    info.outputs = {MakeOutput("scores", {1, 2}).desc};
    return Event(1, info);
  }

  static rpc::UploadMessage Chunk(uint64_t offset, std::string_view bytes) {
    return rpc::TensorChunk{0, 0, offset, Buffer::Copy(AsBytes(bytes))};
  }

  static rpc::UploadMessage End(uint64_t sequence) {
    return Event(sequence, rpc::UploadedTensorEnd{{0, 0, 0, 0}, 4});
  }

  CollectingSink sink_;
  CancelToken cancel_;
  std::promise<void> sent_;
  std::vector<std::string> cancelled_;
  std::unique_ptr<RemoteRunner> runner_;
  std::future<Status> result_;
  uint64_t stream_ = 0;
};

TEST_F(RemoteRunnerTest, GivesTheSinkWhatTheBoardUploads) {
  Start();
  EXPECT_TRUE(Deliver(Model()).status.ok());
  EXPECT_TRUE(Deliver(Event(2, InvokeInfo{0, 1.0})).status.ok());
  EXPECT_TRUE(Deliver(Chunk(0, "ab")).status.ok());
  EXPECT_TRUE(Deliver(Chunk(2, "cd")).status.ok());
  const auto tensor = Deliver(End(3));
  EXPECT_TRUE(tensor.acknowledge);
  EXPECT_EQ(tensor.position, (rpc::UploadPosition{3, 0}));
  const auto last = Deliver(Event(4, rpc::RunEnd{}));
  EXPECT_TRUE(last.finished);
  EXPECT_TRUE(last.acknowledge);
  EXPECT_TRUE(result_.get().ok());
  EXPECT_EQ(sink_.bytes, "abcd");
}

TEST_F(RemoteRunnerTest, AnotherStreamGoesOnWhereTheFirstBrokeOff) {
  Start();
  Deliver(Model());
  Deliver(Event(2, InvokeInfo{0, 1.0}));
  Deliver(Chunk(0, "abc"));
  const uint64_t old_stream = stream_;
  const auto [stream, answer] = Open();
  EXPECT_EQ(answer.position, (rpc::UploadPosition{2, 3}));
  EXPECT_TRUE(answer.acknowledge);
  EXPECT_EQ(DeliverOn(old_stream, Chunk(3, "X")).status.code(), StatusCode::kAborted);
  stream_ = stream;
  EXPECT_TRUE(Deliver(Event(2, InvokeInfo{0, 1.0})).status.ok());  // again: ignored
  EXPECT_TRUE(Deliver(Chunk(3, "d")).status.ok());
  Deliver(End(3));
  Deliver(Event(4, rpc::RunEnd{}));
  EXPECT_TRUE(result_.get().ok());
  EXPECT_EQ(sink_.bytes, "abcd");
}

TEST_F(RemoteRunnerTest, AnUploadOutOfOrderEndsTheRun) {
  Start();
  Deliver(Model());
  Deliver(Event(2, InvokeInfo{0, 1.0}));
  const auto answer = Deliver(Chunk(1, "bcd"));
  EXPECT_EQ(answer.status.reason(), kReasonProtocol);
  EXPECT_EQ(result_.get().reason(), kReasonProtocol);
  EXPECT_EQ(cancelled_.size(), 1U);
}

TEST_F(RemoteRunnerTest, WhatTheBoardReportsIsTheResult) {
  Start();
  const Status hung = DeadlineExceededError("no answer").WithReason(kReasonRunnerHung);
  EXPECT_TRUE(Deliver(Event(1, rpc::RunEnd{hung})).finished);
  const Status result = result_.get();
  EXPECT_EQ(result.reason(), kReasonRunnerHung);
  EXPECT_THAT(result.message(), HasSubstr("cam"));
}

TEST_F(RemoteRunnerTest, AnErrorOfTheSinkStopsBoardAndUpload) {
  Start();
  sink_.refuse = ResourceExhaustedError("disk full");
  Deliver(Model());
  Deliver(Event(2, InvokeInfo{0, 1.0}));
  EXPECT_EQ(Deliver(Chunk(0, "ab")).status.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(result_.get().code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(cancelled_, ElementsAre("disk full"));
}

TEST_F(RemoteRunnerTest, ALostBoardEndsTheRun) {
  Start();
  runner_->Fail(UnavailableError("gone").WithReason(kReasonAgentLost));
  EXPECT_EQ(result_.get().reason(), kReasonAgentLost);
  EXPECT_EQ(Deliver(Model()).status.code(), StatusCode::kFailedPrecondition);
}

TEST_F(RemoteRunnerTest, CancellingReachesTheBoardAndWaitsForItsLastWord) {
  Start();
  Deliver(Model());
  cancel_.Cancel(CancelledError("enough").WithReason(kReasonCancelled));
  const Status told = CancelledError("killed").WithReason(kReasonCancelled);
  EXPECT_TRUE(Deliver(Event(2, rpc::RunEnd{told})).finished);
  EXPECT_EQ(result_.get().reason(), kReasonCancelled);
  EXPECT_THAT(cancelled_, ElementsAre("enough"));
}

TEST_F(RemoteRunnerTest, ASlowSinkHoldsTheUploaderBack) {
  std::promise<void> go;
  const std::shared_future<void> may_go(go.get_future());
  sink_.before_chunk = [may_go] { may_go.wait(); };
  Start();
  Deliver(Model());
  Deliver(Event(2, InvokeInfo{0, 1.0}));
  std::promise<void> answered;
  runner_->Deliver(stream_, Chunk(0, "abcd"), [&](const RemoteRunner::Answer& /*answer*/) {
    answered.set_value();
  });
  auto future = answered.get_future();
  EXPECT_EQ(future.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  go.set_value();
  future.wait();
  EXPECT_EQ(sink_.bytes, "abcd");
  runner_->Fail(UnavailableError("end of test"));
  EXPECT_FALSE(result_.get().ok());
}

// A run can fail before its legs start; its upload may be open by then.
TEST_F(RemoteRunnerTest, AnUploadOfARunThatNeverStartedIsAnswered) {
  std::vector<StatusCode> answers;
  const auto note = [&](const RemoteRunner::Answer& given) {
    answers.push_back(given.status.code());
  };
  const uint64_t stream = runner_->OpenStream(note);
  runner_->Deliver(stream, rpc::NumberedEvent{1, ModelInfo()}, note);
  EXPECT_THAT(answers, ElementsAre());
  runner_->Finish();
  EXPECT_THAT(answers,
              ElementsAre(StatusCode::kFailedPrecondition, StatusCode::kFailedPrecondition));
  runner_->OpenStream(note);
  EXPECT_EQ(answers.size(), 3U);
}

TEST_F(RemoteRunnerTest, AnUploaderThatDoesNotWaitIsRefused) {
  std::promise<void> go;
  const std::shared_future<void> may_go(go.get_future());
  sink_.before_chunk = [may_go] { may_go.wait(); };
  Start();
  Deliver(Model());
  Deliver(Event(2, InvokeInfo{0, 1.0}));
  std::atomic<int> refused{0};
  for (size_t i = 0; i < RemoteRunner::kMaxPending + 8; ++i) {
    runner_->Deliver(stream_, Chunk(0, "abcd"), [&](const RemoteRunner::Answer& answer) {
      refused += answer.status.code() == StatusCode::kResourceExhausted ? 1 : 0;
    });
  }
  EXPECT_GE(refused, 7);  // one may be with the sink already
  go.set_value();
  EXPECT_FALSE(result_.get().ok());  // the same bytes twice
}

TEST_F(RemoteRunnerTest, InputsThatWereAskedForComeBeforeTheModel) {
  std::string captured;
  runner_->AskForInputs({{100}, [&](const rpc::InputChunk& piece) {
                           captured += piece.bytes.view();
                           return OkStatus();
                         }});
  Start();
  const auto input = [](uint64_t offset, std::string_view bytes) {
    return rpc::InputChunk{0, 6, offset, Buffer::Copy(AsBytes(bytes))};
  };
  EXPECT_FALSE(Deliver(Event(1, input(0, "abc"))).acknowledge);
  EXPECT_TRUE(Deliver(Event(2, input(3, "def"))).acknowledge);
  EXPECT_EQ(captured, "abcdef");
  ModelInfo info;
  info.outputs = {MakeOutput("scores", {1, 2}).desc};
  EXPECT_TRUE(Deliver(Event(3, info)).status.ok());
  Deliver(Event(4, rpc::RunEnd{CancelledError("enough")}));
  EXPECT_EQ(result_.get().code(), StatusCode::kCancelled);
}

TEST_F(RemoteRunnerTest, AnObjectionToAnInputEndsTheRunOnTheBoard) {
  runner_->AskForInputs(
      {{100}, [](const rpc::InputChunk& /*piece*/) {
         return FailedPreconditionError("not the PC's").WithReason(kReasonWrongInput);
       }});
  Start();
  const auto answer = Deliver(Event(1, rpc::InputChunk{0, 1, 0, Buffer::Copy(AsBytes("x"))}));
  EXPECT_EQ(answer.status.reason(), kReasonWrongInput);
  EXPECT_EQ(result_.get().reason(), kReasonWrongInput);
  EXPECT_THAT(cancelled_, ElementsAre(HasSubstr("not the PC's")));
}

}  // namespace
}  // namespace plumb::server
