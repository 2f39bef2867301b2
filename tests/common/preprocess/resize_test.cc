#include "common/preprocess/resize.h"

#include <string>
#include <utility>
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

// Expected pixels are OpenCV's, see tests/testdata/preprocess/make_golden.py.
class StretchesAsOpenCv : public ::testing::TestWithParam<std::pair<uint32_t, uint32_t>> {};

TEST_P(StretchesAsOpenCv, EveryPixel) {
  const auto [width, height] = GetParam();
  const Pixels source{17, 13, 3, Golden("noise_17x13x3.bin")};
  const auto target = StretchLinear(source, width, height);
  ASSERT_TRUE(target.ok()) << target.status().ToString();
  EXPECT_EQ(target->width, width);
  EXPECT_EQ(target->height, height);
  EXPECT_EQ(target->data,
            Golden("stretch_" + std::to_string(width) + "x" + std::to_string(height) + ".bin"));
}

INSTANTIATE_TEST_SUITE_P(Sizes,
                         StretchesAsOpenCv,
                         ::testing::Values(std::pair{8U, 6U},
                                           std::pair{17U, 5U},
                                           std::pair{40U, 29U},
                                           std::pair{34U, 26U},
                                           std::pair{1U, 1U},
                                           std::pair{128U, 3U}));

// OpenCV takes another path at exactly one half; the pixels must not show it.
TEST(StretchLinear, HalvesAsOpenCv) {
  const auto target = StretchLinear({16, 12, 3, Golden("noise_16x12x3.bin")}, 8, 6);
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->data, Golden("half_8x6.bin"));
}

TEST(StretchLinear, LeavesAPictureOfThatSizeAlone) {
  const Pixels source{2, 1, 1, {7, 200}};
  const auto target = StretchLinear(source, 2, 1);
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(*target, source);
}

TEST(StretchLinear, RefusesSizesThatCannotBe) {
  const Pixels source{1, 1, 1, {7}};
  EXPECT_FALSE(StretchLinear(source, 0, 1).ok());
  EXPECT_FALSE(StretchLinear(source, 1, 0).ok());
  EXPECT_FALSE(StretchLinear(source, 16385, 1).ok());
  EXPECT_FALSE(StretchLinear({}, 1, 1).ok());
  EXPECT_FALSE(StretchLinear({2, 2, 3, {1, 2, 3}}, 1, 1).ok());
}

}  // namespace
}  // namespace plumb::preprocess
