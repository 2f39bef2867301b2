#include "common/ring/output_check.h"

#include <xxhash.h>

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "common/ring/canary.h"

namespace plumb {
namespace {

std::vector<uint8_t> Canary(uint32_t index, size_t size) {
  std::vector<uint8_t> bytes(size);
  ring::FillCanary(index, bytes.data(), bytes.size());
  return bytes;
}

TensorEnd Check(const std::vector<uint8_t>& bytes,
                const ValidRegion& region,
                size_t chunk,
                uint32_t index = 3) {
  OutputCheck check(index, region);
  for (size_t offset = 0; offset < bytes.size(); offset += chunk) {
    check.Feed(offset, std::span(bytes).subspan(offset, std::min(chunk, bytes.size() - offset)));
  }
  return check.Finish(7);
}

TEST(OutputCheckTest, DigestIsOfValidBytesAloneWhateverTheChunks) {
  std::vector<uint8_t> bytes(64);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(i * 7);
  }
  // Three rows of 10 bytes, 16 apart.
  std::vector<uint8_t> valid;
  for (const size_t row : {0U, 16U, 32U}) {
    valid.insert(valid.end(),
                 bytes.begin() + static_cast<long>(row),
                 bytes.begin() + static_cast<long>(row) + 10);
  }
  const uint64_t expected = XXH3_64bits(valid.data(), valid.size());
  for (const size_t chunk : {1U, 5U, 16U, 17U, 64U}) {
    EXPECT_EQ(Check(bytes, {3, 10, 16}, chunk).valid_digest, expected) << chunk;
  }
  bytes[12] ^= 1;  // padding
  bytes[60] ^= 1;  // beyond the last row
  EXPECT_EQ(Check(bytes, {3, 10, 16}, 64).valid_digest, expected);
  bytes[33] ^= 1;
  EXPECT_NE(Check(bytes, {3, 10, 16}, 64).valid_digest, expected);
}

TEST(OutputCheckTest, BytesSeenAgainCountOnce) {
  const std::vector<uint8_t> bytes(48, 9);
  OutputCheck check(0, {1, 48, 48});
  check.Feed(0, std::span(bytes).first(32));
  check.Feed(8, std::span(bytes).subspan(8, 30));
  check.Feed(38, std::span(bytes).subspan(38));
  EXPECT_EQ(check.Finish(0).valid_digest, XXH3_64bits(bytes.data(), bytes.size()));
}

TEST(OutputCheckTest, UnwrittenOutputIsAllCanary) {
  for (const size_t chunk : {1U, 7U, 64U}) {
    EXPECT_EQ(Check(Canary(3, 64), {3, 10, 16}, chunk).canary_size, 30U) << chunk;
    EXPECT_EQ(Check(Canary(3, 64), {1, 50, 50}, chunk).canary_size, 50U) << chunk;
  }
  EXPECT_EQ(Check(Canary(3, 64), {1, 3, 3}, 64).canary_size, 3U);
}

TEST(OutputCheckTest, WrittenOutputIsNoCanary) {
  for (const uint8_t value : {0, 1, 127, 128, 255}) {
    EXPECT_EQ(Check(std::vector<uint8_t>(4096, value), {1, 4096, 4096}, 100).canary_size, 0U);
  }
  EXPECT_EQ(Check(Canary(2, 64), {1, 64, 64}, 64).canary_size, 0U) << "another output's canary";
}

TEST(OutputCheckTest, PartlyWrittenOutputKeepsItsRest) {
  auto bytes = Canary(3, 64);
  std::fill(bytes.begin(), bytes.begin() + 24, uint8_t{0});
  EXPECT_EQ(Check(bytes, {1, 64, 64}, 64).canary_size, 40U);
  EXPECT_EQ(Check(bytes, {1, 64, 64}, 3).canary_size, 40U);
}

TEST(OutputCheckTest, AFewEqualBytesAreChance) {
  std::vector<uint8_t> bytes(64, 0);
  const auto canary = Canary(3, 64);
  std::copy(canary.begin() + 20, canary.begin() + 27, bytes.begin() + 20);
  EXPECT_EQ(Check(bytes, {1, 64, 64}, 64).canary_size, 0U);
}

TEST(OutputCheckTest, NothingIsValidInAnEmptyTensor) {
  const TensorEnd end = Check(Canary(3, 64), {0, 0, 0}, 64);
  EXPECT_EQ(end.canary_size, 0U);
  EXPECT_EQ(end.valid_digest, XXH3_64bits("", 0));
  EXPECT_EQ(end.repetition, 7U);
  EXPECT_EQ(end.index, 3U);
}

}  // namespace
}  // namespace plumb
