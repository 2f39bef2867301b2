#include "common/rpc/board_convert.h"

#include <cmath>
#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include "common/rpc/limits.h"
#include "common/runner/failure.h"

namespace plumb::rpc {
namespace {

Hello ExampleHello() {
  Hello hello;
  hello.protocol_major = 1;
  hello.protocol_minor = 4;
  hello.capabilities = {"probe", "resume"};
  hello.instance_id = std::string(32, '7');
  hello.board_name = "camera-7";
  hello.tags = {"s6", "lab 2"};
  hello.family = "S6";
  hello.abi = "gen-c";
  hello.agent_version = "0.1.0";
  hello.current_run = RunKey{"run-1", 2};
  return hello;
}

RunCommand ExampleCommand() {
  RunCommand command;
  command.key = {"run-1", 2};
  command.model = {{}, std::string(64, 'a'), 100};
  command.inputs = {{{}, std::string(64, 'b'), 7}, {{}, std::string(64, 'c'), 0}};
  command.repetitions = 5;
  command.probe = true;
  command.invoke_timeout = std::chrono::milliseconds(1'500);
  command.deadline = std::chrono::milliseconds(60'000);
  return command;
}

template <class Wire>
void ExpectRefused(const Wire& good,
                   const std::string& what,
                   const std::function<void(Wire&)>& spoil) {
  Wire wire = good;
  spoil(wire);
  const auto value = FromProto(wire);
  ASSERT_FALSE(value.ok()) << what;
  EXPECT_EQ(value.status().reason(), kReasonProtocol) << what;
}

TEST(HelloConvertTest, ThereAndBackIsTheSame) {
  const auto hello = FromProto(ToProto(ExampleHello()));
  ASSERT_TRUE(hello.ok()) << hello.status().ToString();
  EXPECT_EQ(hello->protocol_major, 1u);
  EXPECT_EQ(hello->protocol_minor, 4u);
  EXPECT_EQ(hello->capabilities, ExampleHello().capabilities);
  EXPECT_EQ(hello->instance_id, ExampleHello().instance_id);
  EXPECT_EQ(hello->board_name, "camera-7");
  EXPECT_EQ(hello->tags, ExampleHello().tags);
  EXPECT_EQ(hello->family, "S6");
  EXPECT_EQ(hello->abi, "gen-c");
  EXPECT_EQ(hello->agent_version, "0.1.0");
  EXPECT_EQ(hello->current_run, (RunKey{"run-1", 2}));
}

TEST(HelloConvertTest, RefusesWhatNoAgentSends) {
  const v1::Hello good = ToProto(ExampleHello());
  using Spoil = std::function<void(v1::Hello&)>;
  const std::vector<std::pair<std::string, Spoil>> cases = {
      {"no name", [](v1::Hello& h) { h.clear_board_name(); }},
      {"control", [](v1::Hello& h) { h.set_board_name("a\tb"); }},
      {"no instance", [](v1::Hello& h) { h.clear_instance_id(); }},
      {"path as instance", [](v1::Hello& h) { h.set_instance_id("../" + std::string(29, 'a')); }},
      {"run without id", [](v1::Hello& h) { h.mutable_current_run()->clear_run_id(); }},
      {"attempt 0", [](v1::Hello& h) { h.mutable_current_run()->set_attempt(0); }},
      {"33 tags",
       [](v1::Hello& h) {
         while (h.tags_size() < 33) {
           h.add_tags("t");
         }
       }},
      {"empty tag", [](v1::Hello& h) { h.add_tags(""); }},
      {"65 capabilities",
       [](v1::Hello& h) {
         while (h.capabilities_size() < 65) {
           h.add_capabilities("c");
         }
       }},
  };
  for (const auto& [what, spoil] : cases) {
    ExpectRefused<v1::Hello>(good, what, spoil);
  }
}

TEST(WelcomeConvertTest, ThereAndBackIsTheSame) {
  const auto welcome = FromProto(ToProto(Welcome{1, 2, "0.9", {"x"}}));
  ASSERT_TRUE(welcome.ok());
  EXPECT_EQ(welcome->protocol_minor, 2u);
  EXPECT_EQ(welcome->server_version, "0.9");
  EXPECT_EQ(welcome->capabilities, std::vector<std::string>{"x"});
}

TEST(RunCommandConvertTest, ThereAndBackIsTheSame) {
  const auto command = FromProto(ToProto(ExampleCommand()));
  ASSERT_TRUE(command.ok()) << command.status().ToString();
  EXPECT_EQ(command->key, ExampleCommand().key);
  EXPECT_EQ(command->model.sha256, ExampleCommand().model.sha256);
  ASSERT_EQ(command->inputs.size(), 2u);
  EXPECT_EQ(command->inputs[0].size, 7u);
  EXPECT_EQ(command->repetitions, 5u);
  EXPECT_TRUE(command->probe);
  EXPECT_EQ(command->invoke_timeout.count(), 1'500);
  EXPECT_EQ(command->deadline.count(), 60'000);
}

TEST(RunCommandConvertTest, RefusesNumbersOutOfRange) {
  const v1::RunCommand good = ToProto(ExampleCommand());
  using Spoil = std::function<void(v1::RunCommand&)>;
  const std::vector<std::pair<std::string, Spoil>> cases = {
      {"no key", [](v1::RunCommand& c) { c.clear_key(); }},
      {"no model", [](v1::RunCommand& c) { c.clear_model(); }},
      {"no input", [](v1::RunCommand& c) { c.clear_inputs(); }},
      {"0 repetitions", [](v1::RunCommand& c) { c.set_repetitions(0); }},
      {"10001", [](v1::RunCommand& c) { c.set_repetitions(10'001); }},
      {"no timeout", [](v1::RunCommand& c) { c.set_invoke_timeout_ms(0); }},
      {"more than a day", [](v1::RunCommand& c) { c.set_deadline_ms(86'400'001); }},
  };
  for (const auto& [what, spoil] : cases) {
    ExpectRefused<v1::RunCommand>(good, what, spoil);
  }
}

TEST(RunPhaseConvertTest, RefusesUnknownPhases) {
  EXPECT_EQ(FromProto(ToProto(RunPhase::kFetching)).value(), RunPhase::kFetching);
  EXPECT_FALSE(FromProto(v1::RUN_PHASE_UNSPECIFIED).ok());
  EXPECT_FALSE(FromProto(static_cast<v1::RunPhase>(77)).ok());
}

Result<UploadMessage> ThereAndBack(const NumberedEvent& event) {
  v1::UploadRequest wire = ToProto(event);
  return TakeUploadMessage(wire);
}

TEST(UploadConvertTest, EventsKeepNumberAndContent) {
  const auto message = ThereAndBack({9, UploadedTensorEnd{{3, 1, 0xfedcba9876543210U, 17}, 4'096}});
  ASSERT_TRUE(message.ok()) << message.status().ToString();
  const auto& numbered = std::get<NumberedEvent>(*message);
  EXPECT_EQ(numbered.sequence, 9u);
  const auto& tensor = std::get<UploadedTensorEnd>(numbered.event);
  EXPECT_EQ(tensor.end.repetition, 3u);
  EXPECT_EQ(tensor.end.index, 1u);
  EXPECT_EQ(tensor.end.valid_digest, 0xfedcba9876543210U);
  EXPECT_EQ(tensor.end.canary_size, 17u);
  EXPECT_EQ(tensor.byte_size, 4'096u);
}

TEST(UploadConvertTest, ARunsEndKeepsItsFailure) {
  const auto failed = ThereAndBack(
      {1, RunEnd{DeadlineExceededError("hung").WithReason(kReasonRunnerHung).WithHint("h")}});
  const Status status = std::get<RunEnd>(std::get<NumberedEvent>(failed.value()).event).status;
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(status.reason(), kReasonRunnerHung);
  EXPECT_EQ(status.hint(), "h");
  const auto fine = ThereAndBack({1, RunEnd{}});
  EXPECT_TRUE(std::get<RunEnd>(std::get<NumberedEvent>(fine.value()).event).status.ok());
}

// A failure with code 0 must not be taken for success.
TEST(UploadConvertTest, AFailureWithoutACodeIsRefused) {
  v1::UploadRequest wire = ToProto(NumberedEvent{1, RunEnd{InternalError("x")}});
  wire.mutable_run_end()->mutable_failure()->set_code(0);
  EXPECT_FALSE(TakeUploadMessage(wire).ok());
}

TEST(UploadConvertTest, ProbeAndInvokeKeepTheirNumbers) {
  const auto probe = ThereAndBack({2, ProbeResult{{1, ~uint64_t{0}}, true}});
  const auto& result = std::get<ProbeResult>(std::get<NumberedEvent>(probe.value()).event);
  EXPECT_EQ(result.valid_digests, (std::vector<uint64_t>{1, ~uint64_t{0}}));
  EXPECT_TRUE(result.input_was_zero);
  const auto invoke = ThereAndBack({3, InvokeInfo{4, 2.5}});
  EXPECT_EQ(std::get<InvokeInfo>(std::get<NumberedEvent>(invoke.value()).event).invoke_ms, 2.5);
  EXPECT_FALSE(std::get<InvokeInfo>(std::get<NumberedEvent>(invoke.value()).event).ipu);
  const IpuCosts costs{1'200, ~uint64_t{0}, 70, 30};
  const auto told = ThereAndBack({3, InvokeInfo{4, 2.5, costs}});
  EXPECT_EQ(std::get<InvokeInfo>(std::get<NumberedEvent>(told.value()).event).ipu, costs);
}

TEST(UploadConvertTest, RefusesTimesThatAreNone) {
  for (const double ms : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_FALSE(ThereAndBack({3, InvokeInfo{0, ms}}).ok()) << ms;
  }
}

TEST(UploadConvertTest, ChunksKeepTheirPlace) {
  v1::UploadRequest wire = ToProto(TensorChunk{2, 1, 512, Buffer::FromString("abc")});
  const auto message = TakeUploadMessage(wire);
  ASSERT_TRUE(message.ok());
  const auto& chunk = std::get<TensorChunk>(*message);
  EXPECT_EQ(chunk.repetition, 2u);
  EXPECT_EQ(chunk.index, 1u);
  EXPECT_EQ(chunk.offset, 512u);
  EXPECT_EQ(chunk.bytes.view(), "abc");
}

TEST(UploadConvertTest, RefusesMessagesThatAreNone) {
  v1::UploadRequest nothing;
  nothing.set_sequence(1);
  EXPECT_FALSE(TakeUploadMessage(nothing).ok());
  v1::UploadRequest begin;
  begin.set_sequence(1);
  begin.mutable_begin()->set_instance_id(std::string(32, 'a'));
  EXPECT_FALSE(TakeUploadMessage(begin).ok());
  v1::UploadRequest unnumbered = ToProto(NumberedEvent{0, RunEnd{}});
  EXPECT_FALSE(TakeUploadMessage(unnumbered).ok());
  v1::UploadRequest late = ToProto(NumberedEvent{1, InvokeInfo{kMaxRepetitions, 1}});
  EXPECT_FALSE(TakeUploadMessage(late).ok());
}

}  // namespace
}  // namespace plumb::rpc
