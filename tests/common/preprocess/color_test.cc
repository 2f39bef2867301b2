#include "common/preprocess/color.h"

#include <bit>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/support/testdata.h"

namespace plumb::preprocess {
namespace {

std::vector<uint8_t> Golden(const std::string& name) {
  const auto file = ReadFile(testing::TestDataPath("preprocess") / name);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  return file.ok() ? std::vector<uint8_t>(file->span().begin(), file->span().end())
                   : std::vector<uint8_t>();
}

TEST(ToColorOrder, SwapsRedAndBlue) {
  const auto bgr = ToColorOrder({2, 1, 3, {1, 2, 3, 4, 5, 6}}, ColorOrder::kBgr);
  ASSERT_TRUE(bgr.ok());
  EXPECT_EQ(bgr->data, (std::vector<uint8_t>{3, 2, 1, 6, 5, 4}));
}

TEST(ToColorOrder, MakesGrayAsOpenCv) {
  const auto gray = ToColorOrder({17, 13, 3, Golden("noise_17x13x3.bin")}, ColorOrder::kGray);
  ASSERT_TRUE(gray.ok());
  EXPECT_EQ(gray->channels, 1U);
  EXPECT_EQ(gray->data, Golden("gray_17x13.bin"));
}

TEST(ToColorOrder, NeedsThreeChannels) {
  EXPECT_FALSE(ToColorOrder({1, 1, 1, {5}}, ColorOrder::kBgr).ok());
}

TEST(Normalize, EqualsNumpyInFloat32) {
  const auto values = Normalize({17, 13, 3, Golden("noise_17x13x3.bin")},
                                ColorOrder::kRgb,
                                {{123.675, 116.28, 103.53}, {58.395, 57.12, 57.375}});
  ASSERT_TRUE(values.ok());
  const std::vector<uint8_t> golden = Golden("normalized_17x13.f32");
  ASSERT_EQ(values->size() * sizeof(float), golden.size());
  for (size_t i = 0; i < values->size(); ++i) {
    uint32_t expected = 0;
    for (size_t b = 0; b < sizeof(float); ++b) {
      expected |= static_cast<uint32_t>(golden[i * sizeof(float) + b]) << (8 * b);
    }
    ASSERT_EQ(std::bit_cast<uint32_t>((*values)[i]), expected) << "element " << i;
  }
}

// mean and std are by colour: in BGR the first channel takes blue's.
TEST(Normalize, TakesMeanByColourWhateverTheOrder) {
  const auto values = Normalize({1, 1, 3, {10, 20, 30}}, ColorOrder::kBgr, {{3, 2, 1}, {4, 2, 1}});
  ASSERT_TRUE(values.ok());
  EXPECT_EQ(*values, (std::vector<float>{9.0F, 9.0F, 6.75F}));
}

TEST(Normalize, RefusesAnOrderOfOtherChannels) {
  EXPECT_FALSE(Normalize({1, 1, 3, {1, 2, 3}}, ColorOrder::kGray, {}).ok());
}

TEST(ColorOrder, HasTheVendorsNames) {
  EXPECT_EQ(ColorOrderName(ColorOrder::kBgr), "BGR");
  EXPECT_EQ(ParseColorOrder("GRAY"), ColorOrder::kGray);
  EXPECT_EQ(ParseColorOrder("rgb"), std::nullopt);
}

}  // namespace
}  // namespace plumb::preprocess
