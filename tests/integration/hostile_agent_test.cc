// Agents that lie. After each lie: a typed error, the run ended and never as a match, nothing left
// behind, the board and the server free for the next.
#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/analysis/outcome.h"
#include "common/base/text.h"
#include "common/rpc/chunks.h"
#include "common/rpc/convert.h"
#include "common/rpc/status_bridge.h"
#include "common/runner/failure.h"
#include "tests/integration/server_fixture.h"

namespace plumb::test {
namespace {

using testing::HasSubstr;
using Requests = std::vector<v1::UploadRequest>;

// What CorrectUpload sends: model, invoke, four chunks of 16 bytes, end, …, run_end.
constexpr size_t kModel = 0;
constexpr size_t kInvoke = 1;
constexpr size_t kFirstChunk = 2;
constexpr size_t kFirstEnd = 6;

struct Lie {
  const char* name;
  std::function<void(Requests& requests)> tell;
};

void SetBytes(v1::UploadRequest& request, uint64_t offset, const std::string& bytes) {
  *request.mutable_chunk()->mutable_data() = rpc::MakeDataChunk(offset, Buffer::FromString(bytes));
}

const std::vector<Lie>& Lies() {
  static const std::vector<Lie> lies = {
      {"an event left out", [](Requests& r) { r.erase(r.begin() + static_cast<int>(kInvoke)); }},
      {"an event's number too high", [](Requests& r) { r[kInvoke].set_sequence(3); }},
      {"an event's number 0", [](Requests& r) { r[kInvoke].set_sequence(0); }},
      {"an event's number 2^64-1", [](Requests& r) { r[kInvoke].set_sequence(UINT64_MAX); }},
      {"chunk before the model", [](Requests& r) { r.erase(r.begin(), r.begin() + 2); }},
      {"chunk before invoke", [](Requests& r) { r.erase(r.begin() + static_cast<int>(kInvoke)); }},
      {"model twice",
       [](Requests& r) {
         r[kInvoke] = r[kModel];
         r[kInvoke].set_sequence(2);
       }},
      {"chunk of another output",
       [](Requests& r) { r[kFirstChunk].mutable_chunk()->set_index(1); }},
      {"chunk of an output there is not",
       [](Requests& r) { r[kFirstChunk].mutable_chunk()->set_index(4'000'000'000U); }},
      {"chunk of another repetition",
       [](Requests& r) { r[kFirstChunk].mutable_chunk()->set_repetition(1); }},
      {"chunk of repetition 2^32-1",
       [](Requests& r) { r[kFirstChunk].mutable_chunk()->set_repetition(UINT32_MAX); }},
      {"chunk twice", [](Requests& r) { r[kFirstChunk + 1] = r[kFirstChunk]; }},
      {"chunks swapped", [](Requests& r) { std::swap(r[kFirstChunk], r[kFirstChunk + 1]); }},
      {"chunk without bytes",
       [](Requests& r) { r[kFirstChunk].mutable_chunk()->mutable_data()->clear_data(); }},
      {"chunk near 2^64",
       [](Requests& r) { SetBytes(r[kFirstChunk], UINT64_MAX - 3, "12345678"); }},
      {"chunk past the end",
       [](Requests& r) { SetBytes(r[kFirstEnd - 1], 48, std::string(17, 'x')); }},
      {"chunk above 256 KiB",
       [](Requests& r) { SetBytes(r[kFirstChunk], 0, std::string((256 << 10) + 1, 'x')); }},
      {"output ends early",
       [](Requests& r) { r.erase(r.begin() + static_cast<int>(kFirstEnd) - 1); }},
      {"another digest",
       [](Requests& r) { r[kFirstEnd].mutable_tensor_end()->set_valid_digest(1); }},
      {"another size", [](Requests& r) { r[kFirstEnd].mutable_tensor_end()->set_byte_size(63); }},
      {"size of a later repetition",
       [](Requests& r) { r[kFirstEnd].mutable_tensor_end()->set_byte_size(0); }},
      {"more canary bytes than bytes",
       [](Requests& r) { r[kFirstEnd].mutable_tensor_end()->set_canary_size(1'000'000); }},
      {"a probe nobody asked for",
       [](Requests& r) { r[kInvoke].mutable_probe()->add_valid_digests(1); }},
      {"repetition 9999 first",
       [](Requests& r) { r[kInvoke].mutable_invoke()->set_repetition(9'999); }},
      {"an Invoke that took NaN",
       [](Requests& r) {
         r[kInvoke].mutable_invoke()->set_invoke_ms(std::numeric_limits<double>::quiet_NaN());
       }},
      {"success at once",
       [](Requests& r) {
         r.back().set_sequence(3);
         r.erase(r.begin() + 2, r.end() - 1);
       }},
      {"a failure with code OK",
       [](Requests& r) { r.back().mutable_run_end()->mutable_failure()->set_code(0); }},
      {"begin twice",
       [](Requests& r) { r[kInvoke].mutable_begin()->mutable_key()->set_run_id("x"); }},
      {"a message without content", [](Requests& r) { r[kInvoke].clear_message(); }},
      {"a name that steers",
       [](Requests& r) {
         r[kModel].mutable_model()->mutable_outputs(0)->set_name(
             "a\xC2\x9B"
             "2J");
       }},
      {"257 outputs",
       [](Requests& r) {
         for (int i = 0; i < 256; ++i) {
           *r[kModel].mutable_model()->add_outputs() = r[kModel].model().outputs(0);
         }
       }},
      {"no outputs", [](Requests& r) { r[kModel].mutable_model()->clear_outputs(); }},
      {"an unknown element type",
       [](Requests& r) {
         r[kModel].mutable_model()->mutable_outputs(0)->set_element_type(
             static_cast<v1::ElementType>(99));
       }},
      {"an output of 2^63 bytes",
       [](Requests& r) {
         r[kModel].mutable_model()->mutable_outputs(0)->set_aligned_size(uint64_t{1} << 63);
       }},
  };
  return lies;
}

class HostileAgentTest : public ServerFixture {
 protected:
  HostileAgentTest() { EXPECT_TRUE(agent_.Connect().ok()); }

  // A new run, which the liar gets.
  v1::RunKey Begin() {
    auto run_id = client_->StartRun(Request(client_.get(), {"liar"}));
    EXPECT_TRUE(run_id.ok()) << run_id.status().ToString();
    run_id_ = run_id.ok() ? *run_id : "";
    // Before it the liar is told to stop the last one.
    auto message = agent_.Next();
    while (message.ok() && !message->has_run()) {
      message = agent_.Next();
    }
    EXPECT_TRUE(message.ok()) << message.status().ToString();
    return message.ok() ? message->run().key() : v1::RunKey();
  }

  client::RunEvent End() {
    auto end = client_->Watch(run_id_, nullptr);
    EXPECT_TRUE(end.ok()) << end.status().ToString();
    return end.ok() ? *end : client::RunEvent();
  }

  std::unique_ptr<client::Client> client_ = Connect();
  FakeAgent agent_{address(), "liar"};
  std::string run_id_;
};

TEST_F(HostileAgentTest, NoLieOnAnUploadBecomesAResult) {
  for (const Lie& lie : Lies()) {
    SCOPED_TRACE(lie.name);
    const v1::RunKey key = Begin();
    Requests requests = CorrectUpload();
    lie.tell(requests);
    FakeUpload upload(&agent_, key);
    for (const v1::UploadRequest& request : requests) {
      upload.Send(request);
    }
    const Status status = upload.Finish();
    EXPECT_FALSE(status.ok());
    EXPECT_FALSE(status.message().empty());
    const client::RunEvent end = End();
    EXPECT_EQ(end.run.exit_code, analysis::kExitInfrastructure) << end.run.error.ToString();
    EXPECT_NE(end.run.verdict, analysis::Verdict::kMatch);
    EXPECT_THAT(end.run.error.message(), HasSubstr("board 'liar'"));
    EXPECT_TRUE(end.run.error.code() == StatusCode::kInvalidArgument ||
                end.run.error.code() == StatusCode::kDataLoss)
        << end.run.error.ToString();
  }
  ExpectNothingLeftBehind();
  ExpectServerGoesOn();
}

TEST_F(HostileAgentTest, UploadsForRunsThatAreNotItsOwnAreRefused) {
  const v1::RunKey key = Begin();

  struct Wrong {
    const char* what;
    StatusCode code;
    std::function<void(v1::RunKey& key)> spoil;
  };

  for (const Wrong& wrong :
       {Wrong{"id", StatusCode::kNotFound, [](auto& k) { k.set_run_id("20990101-000000-abcdef"); }},
        Wrong{"path", StatusCode::kInvalidArgument, [](auto& k) { k.set_run_id("../../etc"); }},
        Wrong{"no id", StatusCode::kInvalidArgument, [](auto& k) { k.clear_run_id(); }},
        Wrong{"attempt 2", StatusCode::kNotFound, [](auto& k) { k.set_attempt(2); }},
        Wrong{"attempt 0", StatusCode::kInvalidArgument, [](auto& k) { k.set_attempt(0); }}}) {
    v1::RunKey other = key;
    wrong.spoil(other);
    FakeUpload upload(&agent_, other);
    EXPECT_EQ(upload.NextAck().status().code(), wrong.code) << wrong.what;
  }
  // The run itself is none the worse.
  FakeUpload upload(&agent_, key);
  for (const v1::UploadRequest& request : CorrectUpload()) {
    upload.Send(request);
  }
  EXPECT_TRUE(upload.Finish().ok());
  EXPECT_EQ(End().run.exit_code, 0);
}

TEST_F(HostileAgentTest, AnotherAgentCannotEndARun) {
  const v1::RunKey key = Begin();
  FakeAgent other(address(), "other", 'b');
  ASSERT_TRUE(other.Connect().ok());
  ASSERT_TRUE(other.SendFailed(key, InternalError("not yours")).ok());
  FakeUpload upload(&agent_, key);
  for (const v1::UploadRequest& request : CorrectUpload()) {
    upload.Send(request);
  }
  EXPECT_TRUE(upload.Finish().ok());
  EXPECT_EQ(End().run.exit_code, 0);
}

TEST_F(HostileAgentTest, NothingComesAfterTheEnd) {
  const v1::RunKey key = Begin();
  {
    FakeUpload upload(&agent_, key);
    for (const v1::UploadRequest& request : CorrectUpload()) {
      upload.Send(request);
    }
    upload.Send(CorrectUpload(3)[kFirstChunk]);
    upload.Send(CorrectUpload(3)[kFirstEnd]);
    static_cast<void>(upload.Finish());
  }
  EXPECT_EQ(End().run.exit_code, 0);
  FakeUpload late(&agent_, key);
  EXPECT_EQ(late.NextAck().status().code(), StatusCode::kNotFound);
}

TEST_F(HostileAgentTest, AFailureIsWhatItSaysButCannotSteerOrFlood) {
  const v1::RunKey key = Begin();
  v1::UploadRequest end;
  end.set_sequence(1);
  v1::Failure* failure = end.mutable_run_end()->mutable_failure();
  failure->set_code(14);
  failure->set_message(
      "\x1b[2J\xC2\x9B"
      "31m" +
      std::string(1 << 20, 'x'));
  failure->set_hint("\x1b]0;owned\x07");
  failure->set_reason("MATCH ; rm -rf");
  FakeUpload upload(&agent_, key);
  upload.Send(end);
  EXPECT_TRUE(upload.Finish().ok());
  const client::RunEvent last = End();
  EXPECT_EQ(last.run.exit_code, analysis::kExitInfrastructure);
  EXPECT_LE(last.run.error.message().size(), 5'000U);
  EXPECT_EQ(EscapeForDisplay(last.run.error.message()), last.run.error.message());
  EXPECT_EQ(EscapeForDisplay(last.run.error.hint()), last.run.error.hint());
  EXPECT_EQ(last.run.error.reason(), "");
  EXPECT_EQ(last.report_json.find('\x1b'), std::string::npos);
}

TEST_F(HostileAgentTest, FailuresWithCodesThereAreNotAreFailures) {
  for (const uint32_t code : {0U, 17U, UINT32_MAX}) {
    const v1::RunKey key = Begin();
    ASSERT_TRUE(agent_.SendRaw([&](v1::SessionRequest& request) {
      *request.mutable_run_failed()->mutable_key() = key;
      request.mutable_run_failed()->mutable_failure()->set_code(code);
    }));
    const client::RunEvent end = End();
    EXPECT_EQ(end.run.exit_code, analysis::kExitInfrastructure) << code;
    EXPECT_EQ(end.run.error.reason(), kReasonProtocol) << code;
  }
  ExpectServerGoesOn();
}

TEST_F(HostileAgentTest, TwoHellosEndTheSession) {
  ASSERT_TRUE(agent_.SendRaw(
      [&](v1::SessionRequest& request) { *request.mutable_hello() = agent_.hello(); }));
  EXPECT_EQ(agent_.Next().status().reason(), kReasonProtocol);
  ExpectServerGoesOn();
}

TEST_F(HostileAgentTest, WordsAboutRunsItDoesNotHaveAreIgnored) {
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(agent_.SendRaw([&](v1::SessionRequest& request) {
      request.mutable_run_progress()->mutable_key()->set_run_id("20990101-000000-" +
                                                                std::to_string(i));
      request.mutable_run_progress()->mutable_key()->set_attempt(1);
      request.mutable_run_progress()->set_phase(v1::RUN_PHASE_RUNNING);
    }));
  }
  const v1::RunKey key = Begin();
  FakeUpload upload(&agent_, key);
  for (const v1::UploadRequest& request : CorrectUpload()) {
    upload.Send(request);
  }
  EXPECT_TRUE(upload.Finish().ok());
  EXPECT_EQ(End().run.exit_code, 0);
}

TEST_F(HostileAgentTest, AnUnknownPhaseEndsTheSessionNotTheServer) {
  ASSERT_TRUE(agent_.SendRaw([&](v1::SessionRequest& request) {
    request.mutable_run_progress()->mutable_key()->set_run_id("r");
    request.mutable_run_progress()->mutable_key()->set_attempt(1);
    request.mutable_run_progress()->set_phase(static_cast<v1::RunPhase>(77));
  }));
  EXPECT_EQ(agent_.Next().status().reason(), kReasonProtocol);
  ExpectServerGoesOn();
}

// The instance id is the agent's secret; who has it is the agent.
TEST_F(HostileAgentTest, TheSameInstanceTakesItsNameOverAtOnce) {
  FakeAgent again(address(), "liar", 'a');
  ASSERT_TRUE(again.Connect().ok());
  EXPECT_EQ(agent_.Next().status().code(), StatusCode::kAborted);
  FakeAgent other(address(), "liar", 'b');
  const Status status = other.Connect();
  EXPECT_EQ(status.reason(), kReasonBoardNameTaken);
  EXPECT_THAT(status.hint(), HasSubstr("within 15 s"));
}

}  // namespace
}  // namespace plumb::test
