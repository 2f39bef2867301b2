// V4: bytes are exactly as many as were declared; pieces come in order, without gap or overlap, and
// each carries its checksum.
#include <gtest/gtest.h>

#include "common/archive/recording.h"
#include "common/base/file.h"
#include "common/npu/model/container.h"
#include "common/rpc/board_convert.h"
#include "common/rpc/chunks.h"
#include "common/rpc/upload_tracker.h"
#include "common/runner/failure.h"
#include "common/tensor/npy.h"
#include "tests/common/archive/legs.h"
#include "tests/support/small_model.h"

namespace plumb::test {
namespace {

using rpc::ChunkAssembler;
using rpc::ChunkChecksum;
using rpc::NumberedEvent;
using rpc::TensorChunk;

// server → agent, client → server, server → client: ReadArtifact, PutArtifact, GetReport.
TEST(RequirementV4, PiecesOutOfPlaceAreRefusedAndChangeNothing) {
  const std::vector<uint8_t> piece(10, 7);
  ChunkAssembler assembler(30);
  ASSERT_TRUE(assembler.Accept(0, piece, ChunkChecksum(piece)).ok());

  struct Lie {
    const char* what;
    uint64_t offset;
    size_t size;
  };

  for (const Lie& lie : {Lie{"again", 0, 10},
                         Lie{"overlap", 9, 10},
                         Lie{"gap", 11, 10},
                         Lie{"past the end", 10, 21},
                         Lie{"empty", 10, 0},
                         Lie{"2⁶⁴ − 5", UINT64_MAX - 4, 10}}) {
    const std::vector<uint8_t> bytes(lie.size, 7);
    const Status status = assembler.Accept(lie.offset, bytes, ChunkChecksum(bytes));
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << lie.what;
    EXPECT_EQ(status.reason(), kReasonProtocol) << lie.what;
  }
  EXPECT_EQ(assembler.Accept(10, piece, ChunkChecksum(piece) + 1).code(), StatusCode::kDataLoss);
  EXPECT_EQ(assembler.offset(), 10U);
  EXPECT_EQ(assembler.Finish().code(), StatusCode::kDataLoss) << "20 bytes are missing";
  ASSERT_TRUE(assembler.Accept(10, piece, ChunkChecksum(piece)).ok());
  ASSERT_TRUE(assembler.Accept(20, piece, ChunkChecksum(piece)).ok());
  EXPECT_TRUE(assembler.Finish().ok());
}

// agent → server: the outputs of a run.
class Upload {
 public:
  Upload() {
    const TensorDesc output =
        MakeContiguousDesc("out", ElementType::kUint8, Shape{int64_t{8}}).value();
    Take(NumberedEvent{1, ModelInfo{{output}, {output}, ""}});
    Take(NumberedEvent{2, InvokeInfo{0, 1.0}});
  }

  void Take(const rpc::UploadMessage& message) {
    const auto is_new = tracker_.Check(message);
    ASSERT_TRUE(is_new.ok()) << is_new.status().ToString();
    tracker_.Commit(message);
  }

  Status Try(const rpc::UploadMessage& message) { return tracker_.Check(message).status(); }

  static TensorChunk Chunk(uint64_t offset, size_t size, uint32_t index = 0) {
    return {0, index, offset, Buffer::FromVector(std::vector<uint8_t>(size))};
  }

  static NumberedEvent End(uint64_t size, uint32_t index = 0, uint64_t canary = 0) {
    return {3, rpc::UploadedTensorEnd{{0, index, 5, canary}, size}};
  }

 private:
  rpc::UploadTracker tracker_{rpc::UploadExpectation{1, false}};
};

TEST(RequirementV4, OutputsComeWholeAndInOrder) {
  Upload upload;
  upload.Take(Upload::Chunk(0, 4));
  EXPECT_FALSE(upload.Try(Upload::Chunk(0, 4)).ok()) << "again";
  EXPECT_FALSE(upload.Try(Upload::Chunk(3, 4)).ok()) << "overlap";
  EXPECT_FALSE(upload.Try(Upload::Chunk(5, 3)).ok()) << "gap";
  EXPECT_FALSE(upload.Try(Upload::Chunk(4, 5)).ok()) << "past the end";
  EXPECT_FALSE(upload.Try(Upload::Chunk(UINT64_MAX, 4)).ok()) << "overflow";
  EXPECT_FALSE(upload.Try(Upload::Chunk(4, 4, 1)).ok()) << "an output there is not";
  EXPECT_FALSE(upload.Try(Upload::End(4)).ok()) << "short, and says so";
  EXPECT_FALSE(upload.Try(Upload::End(8)).ok()) << "short, and denies it";
  EXPECT_FALSE(upload.Try(NumberedEvent{3, rpc::RunEnd{}}).ok()) << "success without the bytes";
  upload.Take(Upload::Chunk(4, 4));
  EXPECT_FALSE(upload.Try(Upload::End(7)).ok());
  EXPECT_FALSE(upload.Try(Upload::End(8, 1)).ok()) << "of another output";
  EXPECT_FALSE(upload.Try(Upload::End(8, 0, 9)).ok()) << "more canary bytes than bytes";
  upload.Take(Upload::End(8));
  EXPECT_FALSE(upload.Try(Upload::Chunk(0, 1)).ok()) << "after its end";
}

TEST(RequirementV4, AChunkThatWasDamagedIsRefused) {
  v1::UploadRequest request = rpc::ToProto(Upload::Chunk(0, 4));
  EXPECT_TRUE(rpc::TakeUploadMessage(request).ok());
  request = rpc::ToProto(Upload::Chunk(0, 4));
  request.mutable_chunk()->mutable_data()->mutable_data()->back() ^= 1;
  EXPECT_EQ(rpc::TakeUploadMessage(request).status().code(), StatusCode::kDataLoss);
}

// file → reader
TEST(RequirementV4, NpyDataOfAnotherLengthIsRefused) {
  for (const size_t data : {0U, 3U, 5U, 4096U}) {
    std::string header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }";
    header.resize(118, ' ');
    const std::string file =
        std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + std::string(data, '\0');
    EXPECT_EQ(ParseNpy("x", Buffer::FromString(file)).status().code(), StatusCode::kInvalidArgument)
        << data;
  }
}

TEST(RequirementV4, ContainersOfAnotherLengthAreRefused) {
  const std::vector<uint8_t> good = SmallModelFile({});
  for (const size_t size : {size_t{0}, size_t{63}, size_t{64}, good.size() - 1, good.size() + 1}) {
    std::vector<uint8_t> bytes = good;
    bytes.resize(size);
    const StatusCode code = npu::ParseModel(Buffer::FromVector(bytes)).status().code();
    EXPECT_TRUE(code == StatusCode::kInvalidArgument || code == StatusCode::kDataLoss) << size;
  }
  std::vector<uint8_t> damaged = good;
  damaged.back() ^= 1;
  EXPECT_EQ(npu::ParseModel(Buffer::FromVector(damaged)).status().code(), StatusCode::kDataLoss);
}

TEST(RequirementV4, RecordedBytesOfAnotherLengthAreRefused) {
  const TempFolder folder = *TempFolder::Create("plumb-v4-");
  const auto leg = folder.path() / "leg";
  archive::WriteLeg(leg, {archive::PaddedOutput("boxes", 1)});
  ASSERT_TRUE(archive::ReadRecording(leg).ok());
  const auto file = leg / "output_00.raw";
  const std::string bytes(ReadFile(file)->view());
  for (const std::string& lie : {bytes + "x", bytes.substr(1), std::string()}) {
    ASSERT_TRUE(WriteFileAtomically(file, lie).ok());
    EXPECT_FALSE(archive::ReadRecording(leg).ok()) << lie.size();
  }
}

// A later repetition is sent only where it differs: then its digest is checked like the first's.
TEST(RequirementV4, BytesOfLaterRepetitionsMustFitTheirDigestToo) {
  const TempFolder folder = *TempFolder::Create("plumb-v4-");
  const std::vector<Tensor> first = {archive::PaddedOutput("boxes", 1)};
  const Tensor second = archive::PaddedOutput("boxes", 2);
  for (const bool honest : {true, false}) {
    auto writer = archive::RecordingWriter::Create(folder.path() / (honest ? "honest" : "lying"),
                                                   archive::IdentityNamed("board"));
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(archive::Feed(**writer, first).ok());
    ASSERT_TRUE((*writer)->OnInvoke({1, 1.0}).ok());
    ASSERT_TRUE((*writer)->OnChunk(1, 0, 0, second.bytes.Slice(0, 40)).ok());
    ASSERT_TRUE((*writer)->OnChunk(1, 0, 40, second.bytes.Slice(40, 24)).ok());
    const uint64_t digest = archive::PaddedDigest(second) + (honest ? 0 : 1);
    EXPECT_EQ((*writer)->OnTensorEnd({1, 0, digest, 0}).status().code(),
              honest ? StatusCode::kOk : StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace plumb::test
