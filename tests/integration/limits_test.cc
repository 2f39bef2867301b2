// Too much of everything, and too slow: each limit with the words the refused peer reads. Limits
// and patience are small here, so that nothing waits for long.
#include <functional>

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "plumb/v1/run_service.grpc.pb.h"

#include "common/base/sha256.h"
#include "common/rpc/convert.h"
#include "common/rpc/status_bridge.h"
#include "common/runner/failure.h"
#include "tests/integration/server_fixture.h"

namespace plumb::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds kSoon{50};
// No test sends as much within kSoon.
constexpr uint64_t kUnreachable = uint64_t{1} << 40;
constexpr size_t kBigFile = size_t{24} << 20;  // more than all buffers between the two hold

class LimitsTest : public ServerFixture {
 protected:
  void Start(const std::function<void(server::ServerLimits& limits)>& change) {
    server::ServerLimits limits;
    change(limits);
    StartServer(std::chrono::seconds(60), limits);
    channel_ = grpc::CreateChannel(address(), grpc::InsecureChannelCredentials());
    stub_ = v1::RunService::NewStub(channel_);
    boards_ = v1::BoardService::NewStub(channel_);
  }

  // One PutArtifact call.
  struct Put {
    explicit Put(v1::RunService::Stub& stub) : writer(stub.PutArtifact(&context, &response)) {}

    Put(const Put&) = delete;
    Put& operator=(const Put&) = delete;

    ~Put() {
      if (!finished) {
        context.TryCancel();
        static_cast<void>(writer->Finish());
      }
    }

    bool Begin(const std::string& bytes, uint64_t offset = 0) {
      v1::PutArtifactRequest request;
      request.set_offset(offset);
      request.mutable_artifact()->set_sha256(Sha256Hex(AsBytes(bytes)));
      request.mutable_artifact()->set_size(bytes.size());
      return writer->Write(request);
    }

    bool Send(uint64_t offset, const std::string& bytes) {
      v1::PutArtifactRequest request;
      *request.mutable_chunk() = rpc::MakeDataChunk(offset, Buffer::FromString(bytes));
      return writer->Write(request);
    }

    Status Finish() {
      finished = true;
      return rpc::FromGrpc(writer->Finish());
    }

    grpc::ClientContext context;
    v1::PutArtifactResponse response;
    std::unique_ptr<grpc::ClientWriter<v1::PutArtifactRequest>> writer;
    bool finished = false;
  };

  // `bytes` on the server.
  v1::Artifact Store(const std::string& bytes) {
    Put put(*stub_);
    EXPECT_TRUE(put.Begin(bytes));
    for (size_t offset = 0; offset < bytes.size(); offset += rpc_chunk_) {
      EXPECT_TRUE(put.Send(offset, bytes.substr(offset, rpc_chunk_)));
    }
    put.writer->WritesDone();
    EXPECT_TRUE(put.Finish().ok());
    return put.response.artifact();
  }

  static constexpr size_t rpc_chunk_ = size_t{256} << 10;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RunService::Stub> stub_;
  std::unique_ptr<v1::BoardService::Stub> boards_;
};

void ExpectLimit(const Status& status, const std::string& words) {
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.ToString();
  EXPECT_EQ(status.reason(), kReasonLimit);
  EXPECT_THAT(status.message(), HasSubstr(words));
  EXPECT_FALSE(status.hint().empty());
}

TEST_F(LimitsTest, UploadsOfFiles) {
  Start([](auto& limits) { limits.artifact_uploads = 1; });
  {
    // Which of two calls has the place is the server's to say: until it is the first, another
    // tries.
    std::unique_ptr<Put> first;
    uint64_t sent = 0;
    Status status = DataLossError("until the first is there");
    while (status.code() == StatusCode::kDataLoss) {
      if (first == nullptr || !first->Send(sent++, "x")) {
        first = std::make_unique<Put>(*stub_);
        ASSERT_TRUE(first->Begin(std::string(kBigFile, 'x')));
        sent = 0;
      }
      Put second(*stub_);
      second.Begin("abc");
      second.writer->WritesDone();
      status = second.Finish();
    }
    ExpectLimit(status, "at most 1 uploads of files at once");
  }
  // The first is broken off: its place is free once the server has noticed.
  Status third = UnavailableError("until the place is free").WithReason(kReasonLimit);
  while (third.reason() == kReasonLimit) {
    Put put(*stub_);
    put.Begin("abc");
    put.writer->WritesDone();
    third = put.Finish();
  }
  ExpectServerGoesOn();
}

TEST_F(LimitsTest, AnUploadThatBrokeOffIsGoneOnWith) {
  Start([](auto& /*limits*/) {});
  const std::string bytes(kBigFile, 'y');
  v1::FindMissingRequest asked;
  asked.add_artifacts()->set_sha256(Sha256Hex(AsBytes(bytes)));
  asked.mutable_artifacts(0)->set_size(bytes.size());
  uint64_t there = 0;
  // Until the server has noticed the break, and had enough of the file before it to keep that.
  while (there == 0) {
    {
      Put first(*stub_);
      ASSERT_TRUE(first.Begin(bytes));
      for (size_t offset = 0; offset < bytes.size() / 2; offset += rpc_chunk_) {
        ASSERT_TRUE(first.Send(offset, bytes.substr(offset, rpc_chunk_)));
      }
    }
    for (int look = 0; look < 100 && there == 0; ++look) {
      grpc::ClientContext context;
      v1::FindMissingResponse missing;
      ASSERT_TRUE(stub_->FindMissing(&context, asked, &missing).ok());
      ASSERT_EQ(missing.missing_size(), 1);
      ASSERT_EQ(missing.committed_size(), 1);
      there = missing.committed(0);
    }
  }
  EXPECT_LE(there, bytes.size() / 2);
  EXPECT_EQ(there % rpc_chunk_, 0U);
  Put beyond(*stub_);
  ASSERT_TRUE(beyond.Begin(bytes, there + 1));
  beyond.writer->WritesDone();
  EXPECT_EQ(beyond.Finish().reason(), "offset_lost");
  Put second(*stub_);
  ASSERT_TRUE(second.Begin(bytes, there));
  for (size_t offset = there; offset < bytes.size(); offset += rpc_chunk_) {
    ASSERT_TRUE(second.Send(offset, bytes.substr(offset, rpc_chunk_)));
  }
  second.writer->WritesDone();
  const Status status = second.Finish();
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(second.response.artifact().sha256(), asked.artifacts(0).sha256());
}

TEST_F(LimitsTest, BoardsAndControlStreams) {
  Start([](auto& limits) {
    limits.boards = 2;
    limits.session_streams = 3;
  });
  FakeAgent first(address(), "cam-1", 'a');
  FakeAgent second(address(), "cam-2", 'b');
  FakeAgent third(address(), "cam-3", 'c');
  ASSERT_TRUE(first.Connect().ok() && second.Connect().ok());
  ExpectLimit(third.Connect(), "at most 2 boards");
  first.Disconnect();
  // The place is free once the server has noticed.
  Status again = third.Connect();
  while (again.reason() == kReasonLimit) {
    again = third.Connect();
  }
  EXPECT_TRUE(again.ok()) << again.ToString();
}

TEST_F(LimitsTest, ControlStreamsThatSayNothing) {
  Start([](auto& limits) { limits.session_streams = 1; });
  FakeAgent first(address(), "cam-1", 'a');
  ASSERT_TRUE(first.Connect().ok());
  FakeAgent second(address(), "cam-2", 'b');
  ExpectLimit(second.Connect(), "at most 1 control streams at once");
}

TEST_F(LimitsTest, WaitingRuns) {
  Start([](auto& limits) { limits.queued_runs = 1; });
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  ASSERT_TRUE(client->StartRun(Request(client.get())).ok());
  const v1::RunKey key = NextRun(&agent);
  ASSERT_TRUE(client->StartRun(Request(client.get())).ok());
  ExpectLimit(client->StartRun(Request(client.get())).status(), "at most 1 waiting runs");
}

TEST_F(LimitsTest, RunsAtOnceWaitForOneAnother) {
  Start([](auto& limits) { limits.running_runs = 1; });
  const auto client = Connect();
  FakeAgent first(address(), "cam-1", 'a');
  FakeAgent second(address(), "cam-2", 'b');
  ASSERT_TRUE(first.Connect().ok() && second.Connect().ok());
  const auto one = client->StartRun(Request(client.get(), {"cam-1"}));
  const auto two = client->StartRun(Request(client.get(), {"cam-2"}));
  const auto runs = client->ListRuns();
  ASSERT_EQ(runs->size(), 2U);
  EXPECT_EQ(runs->at(0).state == client::RunState::kQueued ||
                runs->at(1).state == client::RunState::kQueued,
            true);
  Serve(&first, CorrectUpload());
  Serve(&second, CorrectUpload());
  EXPECT_EQ(client->Watch(*one, nullptr)->run.exit_code, 0);
  EXPECT_EQ(client->Watch(*two, nullptr)->run.exit_code, 0);
}

TEST_F(LimitsTest, Watchers) {
  Start([](auto& limits) { limits.watch_streams = 1; });
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  v1::WatchRunRequest request;
  request.set_run_id(*run_id);
  grpc::ClientContext context;
  const auto watcher = stub_->WatchRun(&context, request);
  v1::WatchRunResponse response;
  ASSERT_TRUE(watcher->Read(&response));
  grpc::ClientContext other;
  ExpectLimit(rpc::FromGrpc(stub_->WatchRun(&other, request)->Finish()), "at most 1 watchers");
  context.TryCancel();
  static_cast<void>(watcher->Finish());
}

TEST_F(LimitsTest, WatchersOfOneRun) {
  Start([](auto& limits) { limits.watchers_per_run = 1; });
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  v1::WatchRunRequest request;
  request.set_run_id(*client->StartRun(Request(client.get())));
  grpc::ClientContext context;
  const auto watcher = stub_->WatchRun(&context, request);
  v1::WatchRunResponse response;
  ASSERT_TRUE(watcher->Read(&response));
  grpc::ClientContext other;
  const auto next = stub_->WatchRun(&other, request);
  const auto end_of = [&response](grpc::ClientReader<v1::WatchRunResponse>& stream) {
    while (stream.Read(&response)) {  // what has happened so far is told all the same
    }
    return rpc::FromGrpc(stream.Finish());
  };
  // The next one, unless the first was just being told something: then it is refused itself.
  Status status = end_of(*next);
  const bool first_stays = !status.ok();
  if (!first_stays) {
    status = end_of(*watcher);
  }
  ExpectLimit(status, "at most 1 watchers of one run");
  // Another run has room.
  request.set_run_id(*client->StartRun(Request(client.get())));
  grpc::ClientContext third;
  const auto elsewhere = stub_->WatchRun(&third, request);
  EXPECT_TRUE(elsewhere->Read(&response));
  third.TryCancel();
  static_cast<void>(elsewhere->Finish());
  if (first_stays) {
    context.TryCancel();
    static_cast<void>(watcher->Finish());
  }
}

TEST_F(LimitsTest, ReadersOfReports) {
  Start([](auto& limits) { limits.report_reads = 0; });
  v1::GetReportRequest request;
  request.set_run_id("20260101-000000-abcdef");
  grpc::ClientContext context;
  ExpectLimit(rpc::FromGrpc(stub_->GetReport(&context, request)->Finish()), "at most 0 readers");
}

TEST_F(LimitsTest, UploadsOfOutputs) {
  Start([](auto& limits) { limits.upload_streams = 1; });
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  const v1::RunKey key = NextRun(&agent);
  FakeUpload first(&agent, key);
  ASSERT_TRUE(first.NextAck().ok());
  FakeUpload second(&agent, key);
  ExpectLimit(second.NextAck().status(), "at most 1 uploads");
  // The refused one has not taken over.
  for (const v1::UploadRequest& request : CorrectUpload()) {
    first.Send(request);
  }
  EXPECT_TRUE(first.Finish().ok());
  EXPECT_EQ(client->Watch(*run_id, nullptr)->run.exit_code, 0);
}

TEST_F(LimitsTest, AnAgentThatDoesNotSayHello) {
  Start([](auto& limits) { limits.first_message = kSoon; });
  grpc::ClientContext context;
  const auto stream = boards_->Session(&context);
  v1::SessionResponse response;
  EXPECT_FALSE(stream->Read(&response));
  const Status status = rpc::FromGrpc(stream->Finish());
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded);
  EXPECT_THAT(status.message(), HasSubstr("no first message came within 50 ms"));
}

TEST_F(LimitsTest, AnUploadThatDoesNotBegin) {
  Start([](auto& limits) { limits.first_message = kSoon; });
  grpc::ClientContext context;
  const auto stream = boards_->Upload(&context);
  v1::UploadResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(rpc::FromGrpc(stream->Finish()).code(), StatusCode::kDeadlineExceeded);
}

TEST_F(LimitsTest, AnAgentThatDoesNotAnswerItsCommandLosesTheRun) {
  Start([](auto& limits) { limits.accept = kSoon; });
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  const auto end = client->Watch(*run_id, nullptr);
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->run.error.code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(end->run.error.reason(), kReasonAgentLost);
  EXPECT_THAT(end->run.error.message(), HasSubstr("did not answer the run command within 50 ms"));
  EXPECT_EQ(client->ListBoards()->at(0).run_id, "") << "the board is free";
}

TEST_F(LimitsTest, ASenderOfAFileThatSendsNothing) {
  Start([](auto& limits) { limits.stall = kSoon; });
  Put put(*stub_);
  static_cast<void>(put.Begin("a file"));
  const Status status = put.Finish();
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded) << status.ToString();
  EXPECT_EQ(status.reason(), kReasonStalled);
  EXPECT_THAT(status.message(), HasSubstr("moved only 0 bytes in 50 ms"));
  EXPECT_FALSE(status.hint().empty());
  server_.reset();  // its last call is over
  ExpectNothingLeftBehind();
}

TEST_F(LimitsTest, ASenderOfAFileThatSendsByteByByte) {
  Start([](auto& limits) {
    limits.stall = kSoon;
    limits.least_progress = kUnreachable;
  });
  Put put(*stub_);
  static_cast<void>(put.Begin(std::string(1 << 20, 'x')));
  uint64_t offset = 0;
  while (put.Send(offset, "x")) {
    ++offset;
  }
  EXPECT_EQ(put.Finish().code(), StatusCode::kDeadlineExceeded);
}

TEST_F(LimitsTest, AnUploadThatStopsInTheMiddleOfAnOutput) {
  Start([](auto& limits) { limits.stall = kSoon; });
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  FakeUpload upload(&agent, NextRun(&agent));
  const auto requests = CorrectUpload();
  for (size_t i = 0; i < 3; ++i) {  // model, invoke, one chunk
    upload.Send(requests[i]);
  }
  EXPECT_TRUE(upload.NextAck().ok()) << "the answer to begin";
  const Status status = upload.NextAck().status();
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded) << status.ToString();
  const auto end = client->Watch(*run_id, nullptr);
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->run.error.code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(end->run.error.reason(), kReasonAgentLost);
  EXPECT_THAT(end->run.error.message(), HasSubstr("only 16 bytes came in 50 ms"));
  EXPECT_EQ(client->ListBoards()->at(0).run_id, "") << "the board is free";
  ExpectNothingLeftBehind();
}

// What the reader does not take fills gRPC's windows; the server then waits.
TEST_F(LimitsTest, AReaderOfAFileThatDoesNotRead) {
  Start([](auto& limits) {
    limits.stall = milliseconds(200);
    limits.artifact_reads = 1;
  });
  const v1::Artifact artifact = Store(std::string(kBigFile, 'x'));
  v1::ReadArtifactRequest request;
  request.set_instance_id(std::string(32, 'a'));
  *request.mutable_artifact() = artifact;
  grpc::ClientContext context;
  const auto reader = boards_->ReadArtifact(&context, request);
  v1::ReadArtifactResponse response;
  ASSERT_TRUE(reader->Read(&response));
  const auto other_channel =
      grpc::CreateCustomChannel(address(), grpc::InsecureChannelCredentials(), [] {
        grpc::ChannelArguments arguments;
        arguments.SetInt("plumb.test", 1);
        return arguments;
      }());
  const auto others = v1::BoardService::NewStub(other_channel);
  const auto try_again = [&] {
    grpc::ClientContext other;
    const auto second = others->ReadArtifact(&other, request);
    v1::ReadArtifactResponse piece;
    while (second->Read(&piece)) {
    }
    return rpc::FromGrpc(second->Finish());
  };
  Status status = try_again();
  ExpectLimit(status, "at most 1 readers of files at once");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!status.ok() && std::chrono::steady_clock::now() < until) {
    status = try_again();  // until the first is dropped
  }
  EXPECT_TRUE(status.ok()) << status.ToString();
  uint64_t taken = response.chunk().data().size();
  while (reader->Read(&response)) {
    taken += response.chunk().data().size();
  }
  EXPECT_LT(taken, kBigFile);
  EXPECT_EQ(reader->Finish().error_code(), grpc::CANCELLED);
}

}  // namespace
}  // namespace plumb::test
