#include "tests/requirements/doors.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "common/archive/recording_json.h"
#include "common/ring/message_io.h"
#include "common/ring/wire_desc.h"
#include "common/rpc/convert.h"

namespace plumb::test {
namespace {

std::string JsonList(const std::vector<int64_t>& values) {
  std::string text;
  for (const int64_t value : values) {
    text += (text.empty() ? "" : ",") + std::to_string(value);
  }
  return "[" + text + "]";
}

}  // namespace

v1::TensorDesc ToWire(const Claim& claim) {
  v1::TensorDesc wire;
  wire.set_name(claim.name);
  wire.set_element_type(static_cast<v1::ElementType>(claim.element_type));
  wire.mutable_shape()->Add(claim.dims.begin(), claim.dims.end());
  wire.set_inner_stride(claim.inner_stride);
  wire.set_scale(claim.scale);
  wire.set_aligned_size(claim.aligned_size);
  wire.set_payload_size(claim.payload_size);
  wire.set_layout(v1::LAYOUT_NHWC);
  return wire;
}

ring::TensorRecord ToRecord(const Claim& claim) {
  ring::TensorRecord record{};
  record.role = ring::TensorRole::kOutput;
  record.mi_format = claim.mi_format;
  record.rank = static_cast<uint32_t>(claim.dims.size());
  for (size_t i = 0; i < std::min<size_t>(claim.dims.size(), ring::kMaxRank); ++i) {
    record.dims[i] = static_cast<uint32_t>(claim.dims[i]);
  }
  record.inner_stride = claim.inner_stride;
  record.scale = claim.scale;
  record.aligned_size = claim.aligned_size;
  record.payload_size = claim.payload_size;
  ring::WriteText(record.name, sizeof record.name, claim.name);
  return record;
}

std::string ToRecordingJson(const Claim& claim) {
  return R"({"schema":"plumb.recording/1","source":"x","board":"","sdk":"","model_sha256":"",)"
         R"("input_sha256":[],"repetitions":1,"invoke_ms":[1.5],"probe":null,"inputs":[],)"
         R"("differing":[],"outputs":[{"name":")" +
         claim.name + R"(","element_type":")" + claim.type_name + R"(","shape":)" +
         JsonList(claim.dims) + R"(,"inner_stride":)" + std::to_string(claim.inner_stride) +
         R"(,"scale":)" + std::to_string(claim.scale) + R"(,"zero_point":0,"aligned_size":)" +
         std::to_string(claim.aligned_size) + R"(,"payload_size":)" +
         std::to_string(claim.payload_size) +
         R"(,"layout":"nhwc","width_alignment":1,"height_alignment":1,"sha256":")" +
         std::string(64, 'a') + R"(","valid_xxh3_64":"0123456789abcdef","canary_size":0}]})";
}

const std::vector<Door>& Doors() {
  static const std::vector<Door> doors = {
      {"the wire", [](const Claim& claim) { return rpc::FromProto(ToWire(claim)).status(); }},
      {"the ring", [](const Claim& claim) { return FromTensorRecord(ToRecord(claim)).status(); }},
      {"recording.json",
       [](const Claim& claim) {
         return archive::RecordingFromJson(ToRecordingJson(claim)).status();
       }},
  };
  return doors;
}

void ExpectRefusedEverywhere(const Claim& claim, const std::string& what) {
  for (const Door& door : Doors()) {
    const Status status = door.take(claim);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument)
        << what << " by " << door.name << ": " << status.ToString();
    EXPECT_FALSE(status.message().empty()) << what << " by " << door.name;
  }
}

void ExpectTakenEverywhere(const Claim& claim, const std::string& what) {
  for (const Door& door : Doors()) {
    const Status status = door.take(claim);
    EXPECT_TRUE(status.ok()) << what << " by " << door.name << ": " << status.ToString();
  }
}

}  // namespace plumb::test
