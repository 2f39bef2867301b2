// V2: element counts, byte sizes and padded sizes are multiplied with overflow checks and held
// against per-tensor and per-run caps before anything is allocated.
#include <gtest/gtest.h>

#include "common/dump/dump_file.h"
#include "common/npu/model/container.h"
#include "common/ring/wire_desc.h"
#include "common/rpc/board_convert.h"
#include "common/rpc/chunks.h"
#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/runner/failure.h"
#include "common/tensor/npy.h"
#include "tests/requirements/doors.h"
#include "tests/support/small_model.h"

namespace plumb::test {
namespace {

constexpr int64_t kLargest = 2'147'483'647;

TEST(RequirementV2, ShapesWhoseSizeOverflowsAreRefused) {
  Claim claim;
  claim.inner_stride = 0;
  // 2¹⁶ · 2¹⁶ · 2¹⁶ · 2¹⁶ is 0 in 64 bits: a small buffer would do.
  for (const std::vector<int64_t>& dims : {std::vector<int64_t>{65'536, 65'536, 65'536, 65'536},
                                           {kLargest, kLargest, kLargest},
                                           {kLargest, kLargest, 4},
                                           {int64_t{1} << 30, int64_t{1} << 30, int64_t{1} << 3},
                                           {2, int64_t{1} << 30, int64_t{1} << 30, 8}}) {
    claim.dims = dims;
    ExpectRefusedEverywhere(claim, std::to_string(dims[0]) + " and more");
  }
}

TEST(RequirementV2, SizesAboveTheCapsAreRefused) {
  Claim claim;
  claim.aligned_size = rpc::kMaxTensorBytes;
  ExpectTakenEverywhere(claim, "1 GiB");
  for (const uint64_t size : {(uint64_t{1} << 40) + 1, UINT64_MAX, uint64_t{1} << 63}) {
    claim.aligned_size = size;
    ExpectRefusedEverywhere(claim, std::to_string(size));
  }
  // A file's own length bounds what it can hold; what another process says is capped.
  claim.aligned_size = rpc::kMaxTensorBytes + 1;
  EXPECT_FALSE(rpc::FromProto(ToWire(claim)).ok());
  EXPECT_FALSE(FromTensorRecord(ToRecord(claim)).ok());
}

TEST(RequirementV2, PayloadLargerThanTheBufferIsRefused) {
  Claim claim;
  claim.payload_size = 257;
  EXPECT_FALSE(rpc::FromProto(ToWire(claim)).ok());
  EXPECT_FALSE(FromTensorRecord(ToRecord(claim)).ok());
}

TEST(RequirementV2, AllOutputsTogetherAreCapped) {
  Claim claim;
  claim.aligned_size = rpc::kMaxTensorBytes;
  v1::ModelInfo model;
  *model.add_inputs() = ToWire({});
  std::vector<TensorDesc> outputs;
  for (int i = 0; i < 4; ++i) {
    *model.add_outputs() = ToWire(claim);
    outputs.push_back(FromTensorRecord(ToRecord(claim)).value());
  }
  EXPECT_TRUE(rpc::FromProto(model).ok());
  EXPECT_TRUE(CheckOutputs(outputs).ok());
  *model.add_outputs() = ToWire({});
  outputs.push_back(FromTensorRecord(ToRecord({})).value());
  EXPECT_EQ(rpc::FromProto(model).status().reason(), kReasonProtocol);
  EXPECT_FALSE(CheckOutputs(outputs).ok());
  EXPECT_FALSE(CheckOutputs({}).ok()) << "nothing to compare is no match";
}

TEST(RequirementV2, FilesOfARunAreCapped) {
  v1::RunCommand command;
  command.mutable_key()->set_run_id("r");
  command.mutable_key()->set_attempt(1);
  command.mutable_model()->set_sha256(std::string(64, 'a'));
  command.set_repetitions(1);
  command.set_invoke_timeout_ms(1);
  command.set_deadline_ms(1);
  for (int i = 0; i < 2; ++i) {
    v1::Artifact* input = command.add_inputs();
    input->set_sha256(std::string(64, 'b'));
    input->set_size(rpc::kMaxInputBytes / 2);
  }
  EXPECT_TRUE(rpc::FromProto(command).ok()) << rpc::FromProto(command).status().ToString();
  // One small file named often would be read and hashed as often.
  *command.add_inputs() = command.inputs(0);
  EXPECT_EQ(rpc::FromProto(command).status().reason(), kReasonProtocol);
  command.mutable_inputs()->Clear();
  command.add_inputs()->set_sha256(std::string(64, 'b'));
  for (const uint64_t size : {rpc::kMaxArtifactSize + 1, UINT64_MAX}) {
    command.mutable_model()->set_size(size);
    EXPECT_EQ(rpc::FromProto(command).status().reason(), kReasonProtocol) << size;
  }
}

TEST(RequirementV2, NpyShapesBeyondTheFileAreRefused) {
  for (const std::string shape : {"65536, 65536, 65536, 65536",
                                  "2147483647, 2147483647, 2147483647",
                                  "1073741824, 1073741824"}) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }";
    header.resize(118, ' ');
    const std::string file = std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header;
    EXPECT_EQ(ParseNpy("x", Buffer::FromString(file)).status().code(), StatusCode::kInvalidArgument)
        << shape;
  }
  // A header length of 4 GiB in a file of 20 bytes.
  const std::string file("\x93NUMPY\x02\x00\xff\xff\xff\xff{        ", 21);
  EXPECT_EQ(ParseNpy("x", Buffer::FromString(file)).status().code(), StatusCode::kInvalidArgument);
}

TEST(RequirementV2, DumpSizesBeyondTheFileAreRefused) {
  for (const std::string size : {"9", "18446744073709551615", "18446744073709551616", "-8"}) {
    const std::string file =
        "//out 0 s: 1.0 z: 0 type: float name: a bConstant:0 shape:[2] dims:1\nop_out[0] ADD = {\n"
        "//buffer data size: " +
        size + "\n12345678";
    EXPECT_EQ(dump::ParseDump(Buffer::FromString(file)).status().code(),
              StatusCode::kInvalidArgument)
        << size;
  }
}

TEST(RequirementV2, ContainerSizesBeyondTheFileAreRefused) {
  const std::vector<uint8_t> good = SmallModelFile({});
  ASSERT_TRUE(npu::ParseModel(Buffer::FromVector(good)).ok());
  for (const size_t field : {48U, 56U}) {  // description and blob size
    for (const uint8_t top : {0x01, 0x7F, 0xFF}) {
      std::vector<uint8_t> bytes = good;
      bytes[field + 7] = top;
      const StatusCode code = npu::ParseModel(Buffer::FromVector(bytes)).status().code();
      EXPECT_TRUE(code == StatusCode::kInvalidArgument || code == StatusCode::kDataLoss)
          << field << " " << int{top};
    }
  }
}

TEST(RequirementV2, ChunksAreCapped) {
  rpc::ChunkAssembler assembler(uint64_t{1} << 30);
  const std::vector<uint8_t> large(rpc::kChunkSize + 1);
  EXPECT_EQ(assembler.Accept(0, large, rpc::ChunkChecksum(large)).reason(), kReasonProtocol);
  v1::DataChunk chunk;
  chunk.set_data(std::string(rpc::kChunkSize + 1, 'x'));
  chunk.set_xxh3(rpc::ChunkChecksum(AsBytes(chunk.data())));
  EXPECT_EQ(rpc::TakeBytes(chunk).status().reason(), kReasonProtocol);
}

}  // namespace
}  // namespace plumb::test
