// V6: names are 1 to 255 bytes of UTF-8 without control characters; they are never paths, never
// format strings, and never reach a log or a terminal unescaped.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/lib/run_fold.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/rpc/board_convert.h"
#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"
#include "common/runner/failure.h"
#include "server/core/blob_store.h"
#include "server/rpc/run_convert.h"
#include "tests/requirements/doors.h"

namespace plumb::test {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// What no name may hold. The last is 2 MiB, as much as a message carries.
const std::vector<std::string>& EvilNames() {
  static const std::vector<std::string> names = {std::string("a\0b", 3),
                                                 "a\x1b[2Jb",
                                                 "a\nb",
                                                 "a\rb",
                                                 "a\x7f",
                                                 "\xC2\x9B"
                                                 "2J",
                                                 "a\xE2\x80\xAE"
                                                 "b",
                                                 "a\xE2\x80\xA8"
                                                 "b",
                                                 "\xFF\xFE",
                                                 "\xC0\xAF",
                                                 std::string(256, 'n'),
                                                 std::string(2 << 20, 'n')};
  return names;
}

// Calls `visit` for each string field of `message`, nested and repeated ones included, with a way
// to set it.
void ForEachString(Message* message,
                   const std::function<void(const std::string& name,
                                            std::function<void(std::string)> set)>& visit) {
  const auto* reflection = message->GetReflection();
  const auto* type = message->GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const int count = field->is_repeated() ? reflection->FieldSize(*message, field)
                                           : (reflection->HasField(*message, field) ? 1 : 0);
    for (int k = 0; k < count; ++k) {
      if (field->type() == FieldDescriptor::TYPE_STRING) {
        visit(field->full_name(), [=](const std::string& value) {
          field->is_repeated() ? reflection->SetRepeatedString(message, field, k, value)
                               : reflection->SetString(message, field, value);
        });
      } else if (field->type() == FieldDescriptor::TYPE_MESSAGE) {
        ForEachString(field->is_repeated() ? reflection->MutableRepeatedMessage(message, field, k)
                                           : reflection->MutableMessage(message, field),
                      visit);
      }
    }
  }
}

// Each string field of `good` in turn is spoiled: `read` must refuse it as a breach of the
// protocol. `good` itself is taken.
template <class Wire, class Read>
void ExpectEachStringIsChecked(const Wire& good, int fields, Read read) {
  ASSERT_TRUE(read(good).ok()) << read(good).ToString();
  Wire names_only = good;
  std::vector<std::string> names;
  ForEachString(&names_only,
                [&](const std::string& name, const auto& /*set*/) { names.push_back(name); });
  EXPECT_EQ(static_cast<int>(names.size()), fields) << "a field is missing from this test's sample";
  for (size_t chosen = 0; chosen < names.size(); ++chosen) {
    for (const std::string& evil : EvilNames()) {
      Wire spoiled = good;
      size_t at = 0;
      ForEachString(&spoiled, [&](const std::string& /*name*/, const auto& set) {
        if (at++ == chosen) {
          set(evil);
        }
      });
      const Status status = read(spoiled);
      EXPECT_EQ(status.reason(), kReasonProtocol)
          << names[chosen] << " of " << evil.size() << " bytes: " << status.message();
      EXPECT_LT(status.message().size(), 1024U) << names[chosen] << " is repeated in full";
    }
  }
}

v1::Artifact SomeArtifact(char digit = 'a') {
  v1::Artifact artifact;
  artifact.set_sha256(std::string(64, digit));
  artifact.set_size(1);
  return artifact;
}

v1::RunKey SomeKey() {
  v1::RunKey key;
  key.set_run_id("run-1");
  key.set_attempt(1);
  return key;
}

v1::Hello SomeHello() {
  v1::Hello hello;
  hello.add_capabilities("resume");
  hello.set_instance_id(std::string(32, 'a'));
  hello.set_board_name("cam");
  hello.add_tags("lab");
  hello.set_family("S6");
  hello.set_abi("gen-c");
  hello.set_agent_version("1");
  *hello.mutable_current_run() = SomeKey();
  return hello;
}

v1::StartRunRequest SomeRequest() {
  v1::StartRunRequest request;
  request.set_request_id(std::string(32, 'a'));
  *request.mutable_model() = SomeArtifact();
  request.set_model_name("m.img");
  *request.add_inputs() = SomeArtifact('b');
  request.add_input_names("i.bin");
  request.add_board("cam");
  request.set_repetitions(1);
  request.set_invoke_timeout_ms(1);
  request.set_deadline_ms(1);
  request.set_reference_run_id("run-0");
  v1::NamedTolerance* named = request.mutable_tolerance()->add_per_tensor();
  named->set_tensor("scores");
  named->mutable_limits()->set_atol(1);
  return request;
}

v1::ModelInfo SomeModel() {
  v1::ModelInfo model;
  *model.add_inputs() = ToWire({});
  *model.add_outputs() = ToWire({});
  model.set_sdk("fake");
  return model;
}

TEST(RequirementV6, EveryStringFromAnAgentIsChecked) {
  ExpectEachStringIsChecked(
      SomeHello(), 8, [](const v1::Hello& wire) { return rpc::FromProto(wire).status(); });
  ExpectEachStringIsChecked(
      SomeModel(), 3, [](const v1::ModelInfo& wire) { return rpc::FromProto(wire).status(); });
  v1::UploadBegin begin;
  begin.set_instance_id(std::string(32, 'a'));
  *begin.mutable_key() = SomeKey();
  ExpectEachStringIsChecked(
      begin, 2, [](const v1::UploadBegin& wire) { return rpc::FromProto(wire).status(); });
}

TEST(RequirementV6, EveryStringFromAClientIsChecked) {
  ExpectEachStringIsChecked(SomeRequest(), 8, [](const v1::StartRunRequest& wire) {
    return server::FromProto(wire).status();
  });
}

TEST(RequirementV6, EveryStringFromAServerIsCheckedByTheAgent) {
  v1::RunCommand command;
  *command.mutable_key() = SomeKey();
  *command.mutable_model() = SomeArtifact();
  *command.add_inputs() = SomeArtifact('b');
  command.set_repetitions(1);
  command.set_invoke_timeout_ms(1);
  command.set_deadline_ms(1);
  ExpectEachStringIsChecked(
      command, 3, [](const v1::RunCommand& wire) { return rpc::FromProto(wire).status(); });
  v1::Welcome welcome;
  welcome.set_server_version("1");
  welcome.add_capabilities("resume");
  ExpectEachStringIsChecked(
      welcome, 2, [](const v1::Welcome& wire) { return rpc::FromProto(wire).status(); });
}

// Words for people are not refused but cut and escaped: they must not lose an error.
TEST(RequirementV6, TextForPeopleIsCutAndEscaped) {
  for (const std::string& evil : EvilNames()) {
    v1::Failure failure;
    failure.set_code(3);
    failure.set_message(evil);
    failure.set_hint(evil);
    failure.set_reason(evil);
    const Status status = rpc::FailureFromProto(failure);
    EXPECT_TRUE(status.reason().empty() || status.reason() == std::string(256, 'n'))
        << status.reason().size();
    for (const std::string& text : {status.message(), status.hint()}) {
      EXPECT_LE(text.size(), rpc::kMaxTextSize);
      EXPECT_EQ(EscapeForDisplay(text), text);
    }
    v1::CancelCommand cancel;
    *cancel.mutable_key() = SomeKey();
    cancel.set_message(evil);
    const auto taken = rpc::FromProto(cancel);
    ASSERT_TRUE(taken.ok());
    EXPECT_LE(taken->message.size(), rpc::kMaxTextSize);
    EXPECT_EQ(EscapeForDisplay(taken->message), taken->message);
  }
}

TEST(RequirementV6, WhatAServerListsIsMadeHarmlessByTheClient) {
  for (const std::string& evil : EvilNames()) {
    v1::RunSummary wire;
    wire.set_run_id("run-1");
    wire.set_state(v1::RUN_STATE_QUEUED);
    wire.set_board_name(evil);
    wire.set_model_name(evil);
    wire.mutable_model()->set_sha256(evil);
    const auto run = client::FromProto(wire);
    ASSERT_TRUE(run.ok());
    for (const std::string& text : {run->board, run->model_name, run->model_sha256}) {
      EXPECT_LE(text.size(), rpc::kMaxTextSize);
      EXPECT_EQ(EscapeForDisplay(text), text);
    }
    wire.set_run_id(evil);
    EXPECT_EQ(client::FromProto(wire).status().reason(), kReasonProtocol);
  }
}

TEST(RequirementV6, NamesAreCheckedAtEveryDoor) {
  Claim claim;
  claim.name = "conv/Relu:0 \xC3\xA9";
  ExpectTakenEverywhere(claim, "a name");
  // recording.json and the record hold no NUL: what is written as such is another name there.
  for (const std::string evil : {"a\x1b[2J",
                                 "a\x7f",
                                 "a\xC2\x9B"
                                 "b",
                                 "a\xE2\x80\xAE"
                                 "b"}) {
    claim.name = evil;
    ExpectRefusedEverywhere(claim, EscapeForDisplay(evil));
  }
}

TEST(RequirementV6, WhatBecomesAFileNameIsADigestOrAnId) {
  const TempFolder folder = *TempFolder::Create("plumb-v6-");
  const auto blobs = server::BlobStore::Open(folder.path() / "blobs");
  ASSERT_TRUE(blobs.ok());
  ASSERT_TRUE(WriteFileAtomically(folder.path() / "secret", "secret").ok());
  std::filesystem::create_symlink(folder.path() / "secret",
                                  folder.path() / "blobs" / std::string(64, 'c'));
  for (const std::string& name : {std::string("../secret"),
                                  (folder.path() / "secret").string(),
                                  std::string("/proc/self/environ"),
                                  std::string("."),
                                  std::string(),
                                  std::string(63, 'a'),
                                  std::string(64, 'A'),
                                  std::string("../") + std::string(61, 'a'),
                                  std::string(63, 'a') + std::string(1, '\0')}) {
    EXPECT_FALSE(blobs->Find({{}, name, 6}).ok()) << name;
    EXPECT_FALSE(blobs->BeginUpload({{}, name, 6}).ok()) << name;
    EXPECT_FALSE(rpc::CheckRunId(name).ok() && name.find('/') != std::string::npos) << name;
    EXPECT_FALSE(rpc::CheckInstanceId(name).ok()) << name;
  }
  EXPECT_FALSE(blobs->Find({{}, std::string(64, 'c'), 6}).ok()) << "through a symbolic link";
  for (const std::string& run_id : {std::string(".."),
                                    std::string("a/b"),
                                    std::string("/etc"),
                                    std::string(65, 'a'),
                                    std::string("a\0b", 3)}) {
    EXPECT_FALSE(rpc::CheckRunId(run_id).ok()) << run_id;
  }
}

TEST(RequirementV6, PercentSignsAreText) {
  const Status status = rpc::CheckName("%n%s%x\x1b", "tensor.name");
  EXPECT_FALSE(status.ok());
  EXPECT_TRUE(rpc::CheckName("%n%s%x{}", "tensor.name").ok());
}

}  // namespace
}  // namespace plumb::test
