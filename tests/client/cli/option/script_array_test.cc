// Arrays of a preprocessing script as samples of a network; expected values by hand.
#include "client/cli/option/script_array.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tensor Array(ElementType type, const Shape& shape, std::vector<uint8_t> bytes) {
  Tensor array;
  array.desc.element_type = type;
  array.desc.shape = shape;
  array.desc.aligned_size = bytes.size();
  array.desc.payload_size = bytes.size();
  array.bytes = Buffer::FromVector(std::move(bytes));
  return array;
}

Tensor Floats(const Shape& shape, const std::vector<float>& values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return Array(ElementType::kFloat32, shape, bytes);
}

// A picture of 2 x 1 pixels and three channels, as NHWC or NCHW.
SampleInput Picture(bool channels_first) {
  const Shape shape = channels_first ? Shape{1, 3, 1, 2} : Shape{1, 1, 2, 3};
  SampleInput input{"in", shape, PictureGeometry{2, 1, 3, channels_first}, std::nullopt};
  return input;
}

TEST(ScriptArrayTest, RealNumbersComeInTheInputsLayoutWhicheverTheScriptChose) {
  const Tensor last = Floats({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor first = Floats({3, 1, 2}, {1, 4, 2, 5, 3, 6});
  EXPECT_THAT(RealArray(last, Picture(false)).value(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(RealArray(first, Picture(false)).value(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(RealArray(last, Picture(true)).value(), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(RealArray(first, Picture(true)).value(), ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(ScriptArrayTest, APictureOfAnotherSizeIsRefusedWithBothShapes) {
  const auto real = RealArray(Floats({1, 2, 1, 3}, {1, 2, 3, 4, 5, 6}), Picture(false));
  ASSERT_FALSE(real.ok());
  EXPECT_THAT(real.status().message(), HasSubstr("f32[1x2x1x3], wanted is f32[1x2x3]"));
}

TEST(ScriptArrayTest, AnythingButAPictureNeedsItsCountAlone) {
  const SampleInput input{"words", Shape{1, 4}, std::nullopt, std::nullopt};
  EXPECT_THAT(RealArray(Floats({2, 2}, {1, 2, 3, 4}), input).value(), ElementsAre(1, 2, 3, 4));
  EXPECT_FALSE(RealArray(Floats({3}, {1, 2, 3}), input).ok());
}

TEST(ScriptArrayTest, AFixedStageTakesPixelsOnly) {
  SampleInput input = Picture(false);
  input.rule.emplace();
  const auto pixels =
      SampleOfArray(Array(ElementType::kUint8, {1, 2, 3}, {1, 2, 3, 4, 5, 6}), input);
  ASSERT_TRUE(pixels.ok()) << pixels.status().ToString();
  EXPECT_THAT(pixels->pixels->data, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(SampleOfArray(Floats({1, 2, 3}, {1, 2, 3, 4, 5, 255}), input)->pixels->data,
              ElementsAre(1, 2, 3, 4, 5, 255));
  const auto normalised = SampleOfArray(Floats({1, 2, 3}, {1, 2, 3, 4, 5, 0.5}), input);
  ASSERT_FALSE(normalised.ok());
  EXPECT_THAT(normalised.status().hint(), HasSubstr("norm False"));
  // Planes would be read as rows.
  EXPECT_FALSE(
      SampleOfArray(Array(ElementType::kUint8, {3, 1, 2}, {1, 2, 3, 4, 5, 6}), input).ok());
}

}  // namespace
}  // namespace plumb::client
