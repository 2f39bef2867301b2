#include "common/preprocess/pipeline.h"

#include <gtest/gtest.h>

namespace plumb::preprocess {
namespace {

TEST(Pipeline, ResizesThenOrdersColours) {
  const Pipeline pipeline = MakePicturePipeline(1, 1, ColorOrder::kBgr);
  EXPECT_EQ(pipeline.step_names(), (std::vector<std::string>{"resize", "color"}));
  // Two pixels to one: the mean of each channel.
  const auto result = pipeline.Run({2, 1, 3, {10, 20, 30, 20, 40, 60}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, (Pixels{1, 1, 3, {45, 30, 15}}));
}

TEST(Pipeline, AStepCanBeReplacedByName) {
  Pipeline pipeline = MakePicturePipeline(1, 1, ColorOrder::kRgb);
  const auto crop = [](const Pixels& pixels) -> Result<Pixels> {
    return Pixels{1, 1, 3, {pixels.data[0], pixels.data[1], pixels.data[2]}};
  };
  ASSERT_TRUE(pipeline.Replace({"resize", crop}).ok());
  const auto result = pipeline.Run({2, 1, 3, {10, 20, 30, 20, 40, 60}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->data, (std::vector<uint8_t>{10, 20, 30}));
  EXPECT_EQ(pipeline.Replace({"sharpen", crop}).code(), StatusCode::kNotFound);
}

TEST(Pipeline, AnErrorNamesItsStep) {
  const auto result = MakePicturePipeline(1, 1, ColorOrder::kRgb).Run({});
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.status().message().find("'resize'"), std::string::npos);
}

}  // namespace
}  // namespace plumb::preprocess
