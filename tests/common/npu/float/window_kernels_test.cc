// Convolutions, matrix products and pooling against sums done by hand.
#include <gmock/gmock.h>

#include "tests/common/npu/float/run_graph.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::GraphBuilder;
using ::plumb::testing::RunGraph;
using ::plumb::testing::RunUnary;
using ::plumb::testing::Window;
using ::testing::ElementsAre;

const std::vector<float> kNine = {1, 2, 3, 4, 5, 6, 7, 8, 9};

TEST(FloatConv2d, SlidesAWindowAndAddsTheBias) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 3, 3, 1});
  const uint32_t w = builder.Constant({1, 2, 2, 1}, {1, 2, 3, 4});
  const uint32_t b = builder.Constant({1}, {10});
  const uint32_t y = builder.Op(OpKind::kConv2d, {x, w, b}, {1, 2, 2, 1}, Window(2, 2));
  EXPECT_THAT(RunGraph(builder.Build({y}), {kNine}), ElementsAre(47, 57, 77, 87));
}

TEST(FloatConv2d, PaddingAddsNothingAndStridesSkip) {
  GraphBuilder builder;
  WindowAttributes window = Window(3, 3);
  window.stride_height = window.stride_width = 2;
  window.pad_top = window.pad_left = window.pad_bottom = window.pad_right = 1;
  const uint32_t x = builder.Input({1, 3, 3, 1});
  const uint32_t w = builder.Constant({1, 3, 3, 1}, std::vector<float>(9, 1));
  const uint32_t y = builder.Op(OpKind::kConv2d, {x, w}, {1, 2, 2, 1}, window);
  EXPECT_THAT(RunGraph(builder.Build({y}), {kNine}), ElementsAre(12, 16, 24, 28));
}

TEST(FloatConv2d, DilationSpreadsTheTaps) {
  GraphBuilder builder;
  WindowAttributes window = Window(2, 2);
  window.dilation_height = window.dilation_width = 2;
  const uint32_t x = builder.Input({1, 3, 3, 1});
  const uint32_t w = builder.Constant({1, 2, 2, 1}, {1, 1, 1, 1});
  const uint32_t y = builder.Op(OpKind::kConv2d, {x, w}, {1, 1, 1, 1}, window);
  EXPECT_THAT(RunGraph(builder.Build({y}), {kNine}), ElementsAre(1 + 3 + 7 + 9));
}

TEST(FloatConv2d, MixesChannelsAndClampsToTheFusedActivation) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 1, 1, 2});
  const uint32_t w = builder.Constant({3, 1, 1, 2}, {1, 1, 2, -2, 0, 5});
  const uint32_t y =
      builder.Op(OpKind::kConv2d, {x, w}, {1, 1, 1, 3}, Window(1, 1), Activation::kRelu6);
  EXPECT_THAT(RunGraph(builder.Build({y}), {{2, 3}}), ElementsAre(5, 0, 6));
}

TEST(FloatConv2d, GroupsSeeTheirOwnChannels) {
  GraphBuilder builder;
  WindowAttributes window = Window(1, 1);
  window.groups = 2;
  const uint32_t x = builder.Input({1, 1, 1, 2});
  const uint32_t w = builder.Constant({2, 1, 1, 1}, {10, 100});
  const uint32_t y = builder.Op(OpKind::kConv2d, {x, w}, {1, 1, 1, 2}, window);
  EXPECT_THAT(RunGraph(builder.Build({y}), {{2, 3}}), ElementsAre(20, 300));
}

TEST(FloatConv2d, FiveChannelsAreSummedWhole) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({2, 1, 1, 5});
  const uint32_t w = builder.Constant({1, 1, 1, 5}, {1, 10, 100, 1000, 10000});
  const uint32_t y = builder.Op(OpKind::kConv2d, {x, w}, {2, 1, 1, 1}, Window(1, 1));
  EXPECT_THAT(RunGraph(builder.Build({y}), {{1, 2, 3, 4, 5, 5, 4, 3, 2, 1}}),
              ElementsAre(54321, 12345));
}

TEST(FloatDepthwiseConv2d, EveryInputChannelHasItsOwnOutputs) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 1, 1, 2});
  const uint32_t w = builder.Constant({1, 1, 1, 4}, {1, 2, 3, 4});
  const uint32_t b = builder.Constant({4}, {0, 0, 0, 100});
  const uint32_t y = builder.Op(OpKind::kDepthwiseConv2d, {x, w, b}, {1, 1, 1, 4}, Window(1, 1));
  EXPECT_THAT(RunGraph(builder.Build({y}), {{2, 3}}), ElementsAre(2, 4, 9, 112));
}

TEST(FloatDepthwiseConv2d, SlidesWithPadding) {
  GraphBuilder builder;
  WindowAttributes window = Window(1, 3);
  window.pad_left = window.pad_right = 1;
  const uint32_t x = builder.Input({1, 1, 3, 1});
  const uint32_t w = builder.Constant({1, 1, 3, 1}, {1, 10, 100});
  const uint32_t y = builder.Op(OpKind::kDepthwiseConv2d, {x, w}, {1, 1, 3, 1}, window);
  EXPECT_THAT(RunGraph(builder.Build({y}), {{1, 2, 3}}), ElementsAre(210, 321, 32));
}

TEST(FloatTransposeConv2d, OverlapsAddUp) {
  GraphBuilder builder;
  WindowAttributes window = Window(1, 3);
  window.stride_width = 2;
  const uint32_t x = builder.Input({1, 1, 2, 1});
  const uint32_t w = builder.Constant({1, 1, 3, 1}, {1, 2, 3});
  const uint32_t y = builder.Op(OpKind::kTransposeConv2d, {x, w}, {1, 1, 5, 1}, window);
  EXPECT_THAT(RunGraph(builder.Build({y}), {{1, 2}}), ElementsAre(1, 2, 5, 4, 6));
}

TEST(FloatTransposeConv2d, PaddingCropsAndTheBiasReachesEveryPlace) {
  GraphBuilder builder;
  WindowAttributes window = Window(1, 3);
  window.stride_width = 2;
  window.pad_left = window.pad_right = 1;
  const uint32_t x = builder.Input({1, 1, 2, 1});
  const uint32_t w = builder.Constant({1, 1, 3, 1}, {1, 2, 3});
  const uint32_t b = builder.Constant({1}, {10});
  const uint32_t y = builder.Op(OpKind::kTransposeConv2d, {x, w, b}, {1, 1, 3, 1}, window);
  EXPECT_THAT(RunGraph(builder.Build({y}), {{1, 2}}), ElementsAre(12, 15, 14));
}

TEST(FloatFullyConnected, MultipliesRows) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({2, 3});
  const uint32_t w = builder.Constant({2, 3}, {1, 0, -1, 1, 1, 1});
  const uint32_t b = builder.Constant({2}, {10, 20});
  const uint32_t y = builder.Op(OpKind::kFullyConnected, {x, w, b}, {2, 2});
  EXPECT_THAT(RunGraph(builder.Build({y}), {{1, 2, 3, 4, 5, 7}}), ElementsAre(8, 26, 7, 36));
}

TEST(FloatPooling, PaddingTakesNoPart) {
  WindowAttributes window = Window(3, 3);
  window.pad_top = window.pad_left = window.pad_bottom = window.pad_right = 1;
  const Shape shape = {1, 2, 2, 1};
  EXPECT_THAT(RunUnary(OpKind::kMaxPool2d, shape, shape, {-1, -2, -3, -4}, window),
              ElementsAre(-1, -1, -1, -1));
  EXPECT_THAT(RunUnary(OpKind::kAveragePool2d, shape, shape, {1, 2, 3, 4}, window),
              ElementsAre(2.5, 2.5, 2.5, 2.5));
}

TEST(FloatPooling, StridesAndChannels) {
  WindowAttributes window = Window(2, 1);
  window.stride_height = 2;
  const std::vector<float> values = {1, 8, 3, 6, 5, 4, 7, 2};
  EXPECT_THAT(RunUnary(OpKind::kMaxPool2d, {1, 4, 1, 2}, {1, 2, 1, 2}, values, window),
              ElementsAre(3, 8, 7, 4));
  EXPECT_THAT(RunUnary(OpKind::kAveragePool2d, {1, 4, 1, 2}, {1, 2, 1, 2}, values, window),
              ElementsAre(2, 7, 6, 3));
}

}  // namespace
}  // namespace plumb::npu
