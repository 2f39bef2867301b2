#include "common/preprocess/board_input.h"

#include <limits>

#include <gtest/gtest.h>

namespace plumb::preprocess {
namespace {

TEST(AddAlpha, PutsAlphaLastInBothOrders) {
  const Pixels rgb{1, 1, 3, {1, 2, 3}};
  EXPECT_EQ(AddAlpha(rgb, AlphaOrder::kRgba)->data, (std::vector<uint8_t>{1, 2, 3, 255}));
  EXPECT_EQ(AddAlpha(rgb, AlphaOrder::kBgra)->data, (std::vector<uint8_t>{3, 2, 1, 255}));
  EXPECT_FALSE(AddAlpha({1, 1, 1, {9}}, AlphaOrder::kRgba).ok());
}

// A GRAY picture of 3x1 on 1.x: 16 bytes a row, two rows, zeros around.
TEST(AlignPicture, PadsRowsAndHeightWithZeros) {
  const auto bytes = AlignPicture({3, 1, 1, {7, 8, 9}}, GrayAlignment(Family::k1x));
  ASSERT_TRUE(bytes.ok());
  std::vector<uint8_t> expected(32, 0);
  expected[0] = 7;
  expected[1] = 8;
  expected[2] = 9;
  EXPECT_EQ(*bytes, expected);
}

// W = 5 RGBA: 20 bytes a row become 32 on Q and stay 20 on S3.
TEST(AlignPicture, FourChannelsFollowTheFamily) {
  const Pixels pixels{5, 2, 4, std::vector<uint8_t>(40, 1)};
  EXPECT_EQ(AlignPicture(pixels, FourChannelAlignment(Family::kQ))->size(), 64U);
  EXPECT_EQ(AlignPicture(pixels, FourChannelAlignment(Family::kS3))->size(), 40U);
}

TEST(AlignPicture, RefusesPixelsThatDoNotFitTheSize) {
  EXPECT_FALSE(AlignPicture({2, 2, 1, {1, 2, 3}}, {}).ok());
  EXPECT_FALSE(AlignPicture({1, 1, 1, {1}}, {0, 1}).ok());
}

TEST(QuantizeS16, ClipsAndTruncatesTowardsZero) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> values = {
      0.99F, -0.99F, 1.5F, -1.5F, 1e9F, -kInfinity, std::numeric_limits<float>::quiet_NaN()};
  const auto s3 = QuantizeS16(values, 0.5F, Family::kS3);
  ASSERT_TRUE(s3.ok());
  EXPECT_EQ(*s3, (std::vector<int16_t>{1, -1, 3, -3, 32767, -32767, 0}));
  const auto old = QuantizeS16(values, 0.5F, Family::k1x);
  ASSERT_TRUE(old.ok());
  EXPECT_EQ((*old)[5], -32768);
}

TEST(QuantizeS16, RefusesAnUnusableScale) {
  const std::vector<float> values = {1};
  for (const float scale : {0.0F, -1.0F, std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_FALSE(QuantizeS16(values, scale, Family::kS3).ok()) << scale;
  }
}

// Three values a row become eight on 1.x and Q and stay three on the S families.
TEST(AlignS16, PadsTheInnermostDimension) {
  const std::vector<int16_t> values = {1, -2, 3, 4, 5, 6};
  const auto padded = AlignS16(values, 3, Family::kQ);
  ASSERT_TRUE(padded.ok());
  std::vector<uint8_t> expected(32, 0);
  expected[0] = 1;
  expected[2] = 0xfe;
  expected[3] = 0xff;
  expected[4] = 3;
  expected[16] = 4;
  expected[18] = 5;
  expected[20] = 6;
  EXPECT_EQ(*padded, expected);
  EXPECT_EQ(AlignS16(values, 3, Family::kS1)->size(), 12U);
  EXPECT_FALSE(AlignS16(values, 4, Family::kS1).ok());
  EXPECT_FALSE(AlignS16(values, 0, Family::kS1).ok());
}

TEST(FloatBytes, AreLittleEndian) {
  const std::vector<float> values = {1.0F, -2.0F};
  EXPECT_EQ(FloatBytes(values), (std::vector<uint8_t>{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}));
}

}  // namespace
}  // namespace plumb::preprocess
