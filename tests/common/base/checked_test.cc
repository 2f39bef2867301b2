#include "common/base/checked.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace plumb {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

TEST(Checked, AddsAndMultipliesUntilItOverflows) {
  EXPECT_EQ(CheckedAdd<uint64_t>(kMax - 1, 1), kMax);
  EXPECT_EQ(CheckedAdd<uint64_t>(kMax, 1), std::nullopt);
  EXPECT_EQ(CheckedAdd<int32_t>(INT32_MIN, -1), std::nullopt);
  EXPECT_EQ(CheckedMul<uint64_t>(1ULL << 32, (1ULL << 32) - 1), 0xFFFFFFFF00000000ULL);
  EXPECT_EQ(CheckedMul<uint64_t>(1ULL << 32, 1ULL << 32), std::nullopt);
  EXPECT_EQ(CheckedMul<int64_t>(INT64_MIN, -1), std::nullopt);
  EXPECT_EQ(CheckedMul<uint8_t>(16, 15), uint8_t{240});
  EXPECT_EQ(CheckedMul<uint8_t>(16, 16), std::nullopt) << "no promotion to int";
}

TEST(Checked, AlignsUpUntilItOverflows) {
  EXPECT_EQ(CheckedAlignUp<uint64_t>(0, 64), 0U);
  EXPECT_EQ(CheckedAlignUp<uint64_t>(1, 64), 64U);
  EXPECT_EQ(CheckedAlignUp<uint64_t>(64, 64), 64U);
  EXPECT_EQ(CheckedAlignUp<uint64_t>(126'000, 64), 126'016U);
  EXPECT_EQ(CheckedAlignUp<uint64_t>(5, 3), 6U);
  EXPECT_EQ(CheckedAlignUp<uint64_t>(kMax, 64), std::nullopt);
  EXPECT_EQ(CheckedAlignUp<uint8_t>(250, 16), std::nullopt);
}

TEST(Checked, RangeFitsWithoutOverflow) {
  EXPECT_TRUE(RangeFits<uint64_t>(0, 0, 0));
  EXPECT_TRUE(RangeFits<uint64_t>(4, 6, 10));
  EXPECT_FALSE(RangeFits<uint64_t>(4, 7, 10));
  EXPECT_FALSE(RangeFits<uint64_t>(11, 0, 10));
  EXPECT_FALSE(RangeFits<uint64_t>(kMax, 2, 10)) << "offset + size wraps to 1";
  EXPECT_FALSE(RangeFits<uint64_t>(2, kMax, 10));
}

}  // namespace
}  // namespace plumb
