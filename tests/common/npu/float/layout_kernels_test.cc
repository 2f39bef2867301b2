#include <gmock/gmock.h>

#include "tests/common/npu/float/run_graph.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::GraphBuilder;
using ::plumb::testing::RunGraph;
using ::plumb::testing::RunUnary;
using ::testing::ElementsAre;

TEST(FloatMean, AveragesOverTheAxes) {
  const std::vector<float> values = {1, 10, 2, 20, 3, 30, 6, 60};
  EXPECT_THAT(
      RunUnary(OpKind::kMean, {1, 2, 2, 2}, {1, 2}, values, ReduceAttributes{{1, 2}, false}),
      ElementsAre(3, 30));
  EXPECT_THAT(
      RunUnary(OpKind::kMean, {1, 2, 2, 2}, {1, 2, 2, 1}, values, ReduceAttributes{{3}, true}),
      ElementsAre(5.5, 11, 16.5, 33));
}

TEST(FloatReduce, AddsUpAndFindsTheLargest) {
  const std::vector<float> values = {-1, -10, -2, -20, 3, -30, 6, -60};
  EXPECT_THAT(RunUnary(OpKind::kSum, {1, 2, 2, 2}, {1, 2}, values, ReduceAttributes{{1, 2}, false}),
              ElementsAre(6, -120));
  EXPECT_THAT(
      RunUnary(OpKind::kReduceMax, {1, 2, 2, 2}, {1, 2}, values, ReduceAttributes{{1, 2}, false}),
      ElementsAre(6, -10));
  EXPECT_THAT(
      RunUnary(OpKind::kReduceMax, {1, 2, 2, 2}, {1, 2, 2, 1}, values, ReduceAttributes{{3}, true}),
      ElementsAre(-1, -2, 3, 6));
}

TEST(FloatPad, SurroundsWithZeros) {
  EXPECT_THAT(RunUnary(OpKind::kPad, {1, 2}, {2, 5}, {1, 2}, PadAttributes{{1, 2}, {0, 1}}),
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 1, 2, 0));
}

TEST(FloatConcat, JoinsAlongTheAxis) {
  GraphBuilder builder;
  const uint32_t a = builder.Input({2, 1, 2});
  const uint32_t b = builder.Input({2, 2, 2});
  const uint32_t y = builder.Op(OpKind::kConcat, {a, b}, {2, 3, 2}, ConcatAttributes{1});
  EXPECT_THAT(RunGraph(builder.Build({y}), {{1, 2, 3, 4}, {5, 6, 7, 8, 9, 10, 11, 12}}),
              ElementsAre(1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12));
}

TEST(FloatTranspose, ReordersAxes) {
  EXPECT_THAT(RunUnary(OpKind::kTranspose,
                       {2, 3, 1},
                       {3, 1, 2},
                       {1, 2, 3, 4, 5, 6},
                       TransposeAttributes{{1, 2, 0}}),
              ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(FloatReshape, KeepsTheOrder) {
  EXPECT_THAT(RunUnary(OpKind::kReshape, {2, 2}, {4}, {1, 2, 3, 4}), ElementsAre(1, 2, 3, 4));
}

TEST(FloatDepthToSpace, SpreadsChannelsOverBlocks) {
  EXPECT_THAT(RunUnary(OpKind::kDepthToSpace,
                       {1, 1, 2, 4},
                       {1, 2, 4, 1},
                       {1, 2, 3, 4, 5, 6, 7, 8},
                       DepthToSpaceAttributes{2}),
              ElementsAre(1, 2, 5, 6, 3, 4, 7, 8));
}

TEST(FloatStridedSlice, CutsAndDropsAxes) {
  EXPECT_THAT(RunUnary(OpKind::kStridedSlice,
                       {2, 5},
                       {2},
                       {0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
                       StridedSliceAttributes{{1, 1}, {1, 2}, {1, 2}}),
              ElementsAre(6, 8));
}

// TFLite's three ways to place the samples, on the row {0, 8}.
TEST(FloatResizeBilinear, PlacesSamplesAsTflite) {
  const auto resize = [](int64_t width, ResizeAttributes attributes) {
    return RunUnary(OpKind::kResizeBilinear, {1, 1, 2, 1}, {1, 1, width, 1}, {0, 8}, attributes);
  };
  EXPECT_THAT(resize(4, {false, false}), ElementsAre(0, 4, 8, 8));
  EXPECT_THAT(resize(4, {false, true}), ElementsAre(0, 2, 6, 8));
  EXPECT_THAT(resize(3, {true, false}), ElementsAre(0, 4, 8));
}

TEST(FloatResizeBilinear, BlendsRowsAndColumns) {
  EXPECT_THAT(RunUnary(OpKind::kResizeBilinear,
                       {1, 2, 2, 1},
                       {1, 3, 3, 1},
                       {0, 4, 8, 12},
                       ResizeAttributes{true, false}),
              ElementsAre(0, 2, 4, 4, 6, 8, 8, 10, 12));
}

TEST(FloatResizeNearest, PicksTheNeighbour) {
  const auto resize = [](int64_t width, ResizeAttributes attributes) {
    return RunUnary(OpKind::kResizeNearest, {1, 1, 3, 1}, {1, 1, width, 1}, {1, 2, 3}, attributes);
  };
  EXPECT_THAT(resize(6, {false, false}), ElementsAre(1, 1, 2, 2, 3, 3));
  EXPECT_THAT(resize(2, {false, false}), ElementsAre(1, 2));
  EXPECT_THAT(resize(2, {false, true}), ElementsAre(1, 3));
  EXPECT_THAT(resize(2, {true, false}), ElementsAre(1, 3));
}

}  // namespace
}  // namespace plumb::npu
