#include "common/npu/model/freeze.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace plumb::npu {
namespace {

TEST(FreezeMultiplier, HasA31BitMantissa) {
  EXPECT_EQ(FreezeMultiplier(1).value(), (Multiplier{1 << 30, 30}));
  EXPECT_EQ(FreezeMultiplier(0.5).value(), (Multiplier{1 << 30, 31}));
  EXPECT_EQ(FreezeMultiplier(0.75).value(), (Multiplier{3 << 29, 31}));
  EXPECT_EQ(FreezeMultiplier(3).value(), (Multiplier{3 << 29, 29}));
  EXPECT_EQ(FreezeMultiplier(0).value().mantissa, 0);
  // 0.1 · 2^34 = 1717986918.4
  EXPECT_EQ(FreezeMultiplier(0.1).value(), (Multiplier{1717986918, 34}));
}

TEST(FreezeMultiplier, RoundsUpIntoTheNextPowerOfTwo) {
  EXPECT_EQ(FreezeMultiplier(std::nextafter(1.0, 0.0)).value(), (Multiplier{1 << 30, 30}));
}

TEST(FreezeMultiplier, LosesBitsOnlyWhereShiftsEnd) {
  EXPECT_EQ(FreezeMultiplier(std::ldexp(1, -40)).value(), (Multiplier{1 << 22, 62}));
  EXPECT_EQ(FreezeMultiplier(std::ldexp(1, -70)).value().mantissa, 0);
}

TEST(FreezeMultiplier, RefusesWhatCannotBeFrozen) {
  for (const double factor : {-0.1, 32768.0, std::nan(""), HUGE_VAL}) {
    EXPECT_FALSE(FreezeMultiplier(factor).ok()) << factor;
  }
}

TEST(FreezePoolMultiplier, IsExactForEqualScales) {
  EXPECT_EQ(FreezePoolMultiplier(1, 64).value(), (Multiplier{1, 0}));
  EXPECT_EQ(FreezePoolMultiplier(1.5, 64).value(), (Multiplier{3, 1}));
}

TEST(FreezePoolMultiplier, LeavesRoomForTheSum) {
  for (const int64_t count : {1, 49, 65536, 1 << 20}) {
    for (const double factor : {0.7312, 1.37, 300.3, 1e-6}) {
      const Multiplier multiplier = FreezePoolMultiplier(factor, count).value();
      EXPECT_LT(static_cast<double>(count) * 32768 * multiplier.mantissa, std::ldexp(1, 62));
      EXPECT_LT(std::ldexp(static_cast<double>(count), multiplier.shift), std::ldexp(1, 62));
      EXPECT_NEAR(std::ldexp(multiplier.mantissa, -multiplier.shift) / factor, 1, 1e-5);
    }
  }
}

TEST(FreezeAdd, SharesTheShiftOfTheLargerFactor) {
  const Add add = FreezeAdd(0.25, -0.5).value();
  EXPECT_EQ(add.shift, 31);
  EXPECT_EQ(add.mantissa_a, 1 << 29);
  EXPECT_EQ(add.mantissa_b, -(1 << 30));
}

TEST(FreezeSoftmax, HoldsExponentials) {
  const Softmax narrow = FreezeSoftmax(std::log(2.0), 8, 1.0 / 256).value();
  ASSERT_EQ(narrow.exp_table.size(), 256U);
  EXPECT_EQ(narrow.exp_table[0], 1 << 30);
  EXPECT_EQ(narrow.exp_table[1], 1 << 29);
  EXPECT_EQ(narrow.exp_table[20], 1 << 10);
  EXPECT_EQ(narrow.exp_table[255], 0);
  EXPECT_EQ(narrow.output, (Multiplier{256, 0}));
  const Softmax wide = FreezeSoftmax(std::log(2.0) / 256, 16, 1.0 / 32768).value();
  ASSERT_EQ(wide.exp_table.size(), 512U);
  EXPECT_EQ(wide.exp_table[3], 1 << 27);
  EXPECT_EQ(wide.exp_table[256], 1 << 30);
  EXPECT_EQ(wide.exp_table[256 + 128], std::lrint(std::ldexp(std::sqrt(0.5), 30)));
  EXPECT_EQ(wide.output, (Multiplier{32768, 0}));
}

TEST(FreezeBilinearTaps, FollowsTflite) {
  // 2 -> 4: asymmetric 0, 0.5, 1, 1.5; half pixel -0.25, 0.25, 0.75, 1.25.
  const Taps plain = FreezeBilinearTaps(2, 4, false, false);
  EXPECT_EQ(plain.lower, (std::vector<int32_t>{0, 0, 1, 1}));
  EXPECT_EQ(plain.upper, (std::vector<int32_t>{1, 1, 1, 1}));
  EXPECT_EQ(plain.weight, (std::vector<int32_t>{0, 1024, 0, 1024}));
  const Taps half = FreezeBilinearTaps(2, 4, false, true);
  EXPECT_EQ(half.lower, (std::vector<int32_t>{0, 0, 0, 1}));
  EXPECT_EQ(half.weight, (std::vector<int32_t>{0, 512, 1536, 512}));
  // 3 -> 5 with aligned corners: 0, 0.5, 1, 1.5, 2.
  const Taps corners = FreezeBilinearTaps(3, 5, true, false);
  EXPECT_EQ(corners.lower, (std::vector<int32_t>{0, 0, 1, 1, 2}));
  EXPECT_EQ(corners.weight, (std::vector<int32_t>{0, 1024, 0, 1024, 0}));
}

TEST(FreezeNearestIndices, FollowsTflite) {
  EXPECT_EQ(FreezeNearestIndices(2, 5, false, false), (std::vector<int32_t>{0, 0, 0, 1, 1}));
  EXPECT_EQ(FreezeNearestIndices(4, 2, false, true), (std::vector<int32_t>{1, 3}));
  EXPECT_EQ(FreezeNearestIndices(2, 3, true, false), (std::vector<int32_t>{0, 1, 1}));
}

}  // namespace
}  // namespace plumb::npu
