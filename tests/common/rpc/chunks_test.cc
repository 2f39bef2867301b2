#include "common/rpc/chunks.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/rpc/limits.h"
#include "common/runner/failure.h"

namespace plumb::rpc {
namespace {

Status Feed(ChunkAssembler& assembler, uint64_t offset, std::string_view text) {
  return assembler.Accept(offset, AsBytes(text), ChunkChecksum(AsBytes(text)));
}

TEST(ChunkChecksumTest, IsXxh3OfSeedZero) {
  // From the specification's reference implementation.
  EXPECT_EQ(ChunkChecksum({}), 0x2d06800538d394c2U);
  EXPECT_EQ(ChunkChecksum(AsBytes("abc")), 0x78af5f94892f3950U);
}

TEST(ForEachChunkTest, CutsAt256KiB) {
  const Buffer bytes = Buffer::FromVector(std::vector<uint8_t>(2 * 262'144 + 5));
  std::vector<std::pair<uint64_t, size_t>> seen;
  EXPECT_TRUE(ForEachChunk(bytes, 100, [&](uint64_t offset, const Buffer& piece) {
                seen.emplace_back(offset, piece.size());
                return OkStatus();
              }).ok());
  EXPECT_EQ(
      seen,
      (std::vector<std::pair<uint64_t, size_t>>{{100, 262'144}, {262'244, 262'144}, {524'388, 5}}));
}

TEST(ForEachChunkTest, StopsAtTheFirstError) {
  const Buffer bytes = Buffer::FromVector(std::vector<uint8_t>(3 * kChunkSize));
  int calls = 0;
  const Status status = ForEachChunk(bytes, 0, [&](uint64_t, const Buffer&) {
    return ++calls == 2 ? InternalError("enough") : OkStatus();
  });
  EXPECT_EQ(status.message(), "enough");
  EXPECT_EQ(calls, 2);
}

TEST(ForEachChunkTest, NothingMakesNoChunk) {
  EXPECT_TRUE(
      ForEachChunk(Buffer(), 0, [](uint64_t, const Buffer&) { return InternalError("x"); }).ok());
}

TEST(ChunkAssemblerTest, TakesContiguousPiecesToTheExactEnd) {
  ChunkAssembler assembler(7);
  EXPECT_TRUE(Feed(assembler, 0, "abcd").ok());
  EXPECT_EQ(assembler.offset(), 4u);
  EXPECT_EQ(assembler.Finish().code(), StatusCode::kDataLoss);
  EXPECT_TRUE(Feed(assembler, 4, "efg").ok());
  EXPECT_TRUE(assembler.complete());
  EXPECT_TRUE(assembler.Finish().ok());
}

TEST(ChunkAssemblerTest, RefusesWhatIsNotTheNextPieceAndStaysWhereItIs) {
  ChunkAssembler assembler(10);
  ASSERT_TRUE(Feed(assembler, 0, "abcd").ok());
  for (const uint64_t offset : {0, 2, 3, 5, 9}) {  // again, overlap, overlap, gap, gap
    const Status status = Feed(assembler, offset, "x");
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << offset;
    EXPECT_EQ(status.reason(), kReasonProtocol) << offset;
  }
  EXPECT_EQ(assembler.offset(), 4u);
}

TEST(ChunkAssemblerTest, RefusesBytesPastTheEnd) {
  ChunkAssembler assembler(3);
  EXPECT_FALSE(Feed(assembler, 0, "abcd").ok());
  EXPECT_TRUE(Feed(assembler, 0, "abc").ok());
  EXPECT_FALSE(Feed(assembler, 3, "d").ok());
}

TEST(ChunkAssemblerTest, RefusesEmptyAndOversizedPieces) {
  ChunkAssembler assembler(uint64_t{1} << 40);
  EXPECT_FALSE(Feed(assembler, 0, "").ok());
  EXPECT_FALSE(Feed(assembler, 0, std::string(kChunkSize + 1, 'x')).ok());
  EXPECT_TRUE(Feed(assembler, 0, std::string(kChunkSize, 'x')).ok());
}

TEST(ChunkAssemblerTest, AFlippedBitIsDataLoss) {
  ChunkAssembler assembler(4);
  const Status status = assembler.Accept(0, AsBytes("abce"), ChunkChecksum(AsBytes("abcd")));
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_EQ(assembler.offset(), 0u);
}

TEST(ChunkAssemblerTest, GoesOnFromWhatIsThere) {
  ChunkAssembler assembler(6, 4);
  EXPECT_FALSE(Feed(assembler, 0, "ab").ok());
  EXPECT_TRUE(Feed(assembler, 4, "ef").ok());
  EXPECT_TRUE(assembler.Finish().ok());
}

}  // namespace
}  // namespace plumb::rpc
