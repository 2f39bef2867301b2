// V7: counts have limits; messages nest only so deep; what a newer peer adds is passed over.
#include <gtest/gtest.h>

#include "client/lib/run_fold.h"
#include "common/archive/json_reader.h"
#include "common/archive/recording.h"
#include "common/archive/recording_json.h"
#include "common/rpc/board_convert.h"
#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"
#include "common/runner/failure.h"
#include "server/rpc/run_convert.h"
#include "tests/requirements/doors.h"

namespace plumb::test {
namespace {

TEST(RequirementV7, TensorsOfAModel) {
  v1::ModelInfo model;
  *model.add_inputs() = ToWire({});
  for (int i = 0; i < rpc::kMaxTensors; ++i) {
    *model.add_outputs() = ToWire({});
  }
  EXPECT_TRUE(rpc::FromProto(model).ok());
  *model.add_outputs() = ToWire({});
  EXPECT_EQ(rpc::FromProto(model).status().reason(), kReasonProtocol);
  model.clear_outputs();
  EXPECT_EQ(rpc::FromProto(model).status().reason(), kReasonProtocol) << "none";
}

TEST(RequirementV7, TensorsOfARecording) {
  const std::string one = ToRecordingJson({});
  const size_t begin = one.find("\"outputs\":[") + 11;
  const std::string output = one.substr(begin, one.rfind(']') - begin);
  const auto with = [&](size_t count) {
    std::string list = output;
    for (size_t i = 1; i < count; ++i) {
      list += "," + output;
    }
    return one.substr(0, begin) + list + "]}";
  };
  EXPECT_TRUE(archive::RecordingFromJson(with(archive::kMaxRecordedTensors)).ok());
  EXPECT_FALSE(archive::RecordingFromJson(with(archive::kMaxRecordedTensors + 1)).ok());
}

TEST(RequirementV7, WordsOfABoard) {
  v1::Hello hello;
  hello.set_instance_id(std::string(32, 'a'));
  hello.set_board_name("cam");
  for (int i = 0; i < rpc::kMaxTags; ++i) {
    hello.add_tags("t" + std::to_string(i));
  }
  for (int i = 0; i < rpc::kMaxCapabilities; ++i) {
    hello.add_capabilities("c" + std::to_string(i));
  }
  EXPECT_TRUE(rpc::FromProto(hello).ok());
  hello.add_tags("one-more");
  EXPECT_EQ(rpc::FromProto(hello).status().reason(), kReasonProtocol);
  hello.mutable_tags()->RemoveLast();
  hello.add_capabilities("one-more");
  EXPECT_EQ(rpc::FromProto(hello).status().reason(), kReasonProtocol);
  hello.clear_capabilities();
  hello.clear_tags();
  for (int i = 0; i < 2; ++i) {
    hello.add_tags(std::string(250, 't'));
  }
  EXPECT_TRUE(rpc::FromProto(hello).ok());
  hello.add_tags("thirteen-more");
  EXPECT_EQ(rpc::FromProto(hello).status().reason(), kReasonProtocol) << "513 bytes of tags";
}

v1::StartRunRequest SomeRequest() {
  v1::StartRunRequest request;
  request.set_request_id(std::string(32, 'a'));
  request.mutable_model()->set_sha256(std::string(64, 'a'));
  request.set_model_name("m");
  request.add_inputs()->set_sha256(std::string(64, 'b'));
  request.set_repetitions(1);
  request.set_invoke_timeout_ms(1);
  request.set_deadline_ms(1);
  request.set_simulator(v1::SIMULATOR_KIND_BUILTIN);
  return request;
}

template <class Spoil>
void ExpectRunRefused(const char* what, Spoil spoil) {
  v1::StartRunRequest request = SomeRequest();
  ASSERT_TRUE(server::FromProto(request).ok());
  spoil(request);
  EXPECT_EQ(server::FromProto(request).status().reason(), kReasonProtocol) << what;
}

TEST(RequirementV7, CountsOfARun) {
  ExpectRunRefused("no inputs", [](auto& request) { request.clear_inputs(); });
  ExpectRunRefused("257 inputs", [](auto& request) {
    for (int i = 0; i < 256; ++i) {
      *request.add_inputs() = request.inputs(0);
    }
  });
  ExpectRunRefused("two names for one input", [](auto& request) {
    request.add_input_names("a");
    request.add_input_names("b");
  });
  ExpectRunRefused("33 words", [](auto& request) {
    for (int i = 0; i < 33; ++i) {
      request.add_board("w");
    }
  });
  ExpectRunRefused("257 tolerances", [](auto& request) {
    for (int i = 0; i < 257; ++i) {
      request.mutable_tolerance()->add_per_tensor()->set_tensor("t" + std::to_string(i));
    }
  });
  ExpectRunRefused("no repetition", [](auto& request) { request.set_repetitions(0); });
  ExpectRunRefused("too many", [](auto& request) { request.set_repetitions(10'001); });
  ExpectRunRefused("no time", [](auto& request) { request.set_deadline_ms(0); });
  ExpectRunRefused("49 days", [](auto& request) { request.set_deadline_ms(UINT32_MAX); });
  ExpectRunRefused("49 days", [](auto& request) { request.set_invoke_timeout_ms(UINT32_MAX); });
}

TEST(RequirementV7, IndexesFromAServerAreNotAllocatedBy) {
  for (const uint32_t index : {256U, UINT32_MAX}) {
    client::RunFold fold;
    v1::RunEvent event;
    event.mutable_progress()->set_role(v1::ROLE_TARGET);
    event.mutable_progress()->set_index(index);
    EXPECT_EQ(fold.Add(event).reason(), kReasonProtocol);
    event.mutable_progress()->set_role(v1::ROLE_REFERENCE);
    EXPECT_EQ(fold.Add(event).reason(), kReasonProtocol);
    event.mutable_tensor()->set_index(index);
    EXPECT_EQ(fold.Add(event).reason(), kReasonProtocol);
    EXPECT_TRUE(fold.Current().tensors.empty());
  }
}

TEST(RequirementV7, RepetitionsOfAnUploadAreBounded) {
  v1::UploadRequest request;
  request.set_sequence(1);
  request.mutable_invoke()->set_repetition(rpc::kMaxRepetitions);
  EXPECT_EQ(rpc::TakeUploadMessage(request).status().reason(), kReasonProtocol);
  request.mutable_probe();
  for (int i = 0; i < 257; ++i) {
    request.mutable_probe()->add_valid_digests(1);
  }
  EXPECT_EQ(rpc::TakeUploadMessage(request).status().reason(), kReasonProtocol);
  request.clear_sequence();
  EXPECT_EQ(rpc::TakeUploadMessage(request).status().reason(), kReasonProtocol) << "no number";
}

TEST(RequirementV7, DetailsOfAStatusAreBounded) {
  v1::StatusDetails details;
  v1::Failure failure;
  failure.set_code(3);
  failure.set_reason("believed");
  for (int i = 0; i < 17; ++i) {
    details.add_details()->PackFrom(failure);
  }
  const auto reason = [&] {
    return rpc::FromGrpc(grpc::Status(grpc::INVALID_ARGUMENT, "x", details.SerializeAsString()))
        .reason();
  };
  EXPECT_EQ(reason(), "");
  details.mutable_details()->RemoveLast();
  EXPECT_EQ(reason(), "believed");
}

TEST(RequirementV7, NestingIsBounded) {
  const std::string open(100'000, '[');
  EXPECT_FALSE(archive::JsonReader::Parse(open).ok());
  EXPECT_FALSE(
      archive::JsonReader::Parse(R"({"a":)" + std::string(40, '[') + std::string(40, ']') + "}")
          .ok());
  // Groups in groups (wire types 3 and 4) are all that nests in these messages: unknown fields.
  const std::string groups = std::string(100'000, '\x7b');
  EXPECT_FALSE(v1::Hello().ParseFromString(groups));
}

TEST(RequirementV7, WhatANewerPeerAddsIsPassedOver) {
  v1::Hello hello;
  hello.set_instance_id(std::string(32, 'a'));
  hello.set_board_name("cam");
  // Field 1000, length-delimited, "new".
  const std::string newer = hello.SerializeAsString() + std::string("\xc2\x3e\x03", 3) + "new";
  v1::Hello read;
  ASSERT_TRUE(read.ParseFromString(newer));
  const auto taken = rpc::FromProto(read);
  ASSERT_TRUE(taken.ok()) << taken.status().ToString();
  EXPECT_EQ(taken->board_name, "cam");
  EXPECT_TRUE(client::RunFold().Add(v1::RunEvent()).ok()) << "an event of a newer server";
}

}  // namespace
}  // namespace plumb::test
