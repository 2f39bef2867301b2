#include <gmock/gmock.h>

#include "tests/common/npu/float/run_graph.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::GraphBuilder;
using ::plumb::testing::RunGraph;
using ::plumb::testing::RunUnary;
using ::testing::ElementsAre;
using ::testing::FloatEq;

const std::vector<float> kSix = {1, -2, 3, 4, 5, -6};

TEST(FloatReduce, SmallestAndProduct) {
  EXPECT_THAT(RunUnary(OpKind::kReduceMin, {2, 3}, {2}, kSix, ReduceAttributes{{1}, false}),
              ElementsAre(-2, -6));
  EXPECT_THAT(RunUnary(OpKind::kReduceProd, {2, 3}, {1, 3}, kSix, ReduceAttributes{{0}, true}),
              ElementsAre(4, -10, -18));
}

TEST(FloatArg, TakesTheFirstOrTheLastOfEqualValues) {
  const std::vector<float> values = {2, 7, 7, 1, 1, 5};
  EXPECT_THAT(RunUnary(OpKind::kArgMax, {2, 3}, {2, 1}, values, ArgAttributes{1, true, false}),
              ElementsAre(1, 2));
  EXPECT_THAT(RunUnary(OpKind::kArgMax, {2, 3}, {2}, values, ArgAttributes{1, false, true}),
              ElementsAre(2, 2));
  EXPECT_THAT(RunUnary(OpKind::kArgMin, {2, 3}, {2}, values, ArgAttributes{1, false, true}),
              ElementsAre(0, 1));
  EXPECT_THAT(RunUnary(OpKind::kArgMin, {2, 3}, {3}, values, ArgAttributes{0, false, false}),
              ElementsAre(1, 1, 1));
}

TEST(FloatGather, TakesPlacesInAnyOrder) {
  EXPECT_THAT(RunUnary(OpKind::kGather, {2, 3}, {2, 4}, kSix, GatherAttributes{1, {2, 0, 0, 1}}),
              ElementsAre(3, 1, 1, -2, -6, 4, 4, 5));
  EXPECT_THAT(RunUnary(OpKind::kGather, {2, 3}, {1, 3}, kSix, GatherAttributes{0, {1}}),
              ElementsAre(4, 5, -6));
}

TEST(FloatBatchMatMul, MultipliesMatrixByMatrix) {
  GraphBuilder builder;
  const uint32_t a = builder.Input({2, 1, 2});
  const uint32_t b = builder.Input({2, 2, 3});
  const uint32_t y = builder.Op(OpKind::kBatchMatMul, {a, b}, {2, 1, 3});
  EXPECT_THAT(RunGraph(builder.Build({y}), {{1, 2, 3, 4}, {1, 2, 3, 4, 5, 6, 1, 0, 1, 0, 1, 0}}),
              ElementsAre(9, 12, 15, 3, 4, 3));
}

TEST(FloatBatchMatMul, BroadcastsTheAxesBefore) {
  GraphBuilder builder;
  const uint32_t a = builder.Input({2, 1, 1, 2});
  const uint32_t b = builder.Input({2, 2, 1});
  const uint32_t y = builder.Op(OpKind::kBatchMatMul, {a, b}, {2, 2, 1, 1});
  EXPECT_THAT(RunGraph(builder.Build({y}), {{1, 2, 3, 4}, {1, 10, 2, 20}}),
              ElementsAre(21, 42, 43, 86));
}

TEST(FloatLogSoftmax, IsStableForLargeNumbers) {
  EXPECT_THAT(RunUnary(OpKind::kLogSoftmax, {1, 2}, {1, 2}, {1000, 1001}),
              ElementsAre(FloatEq(-1.3132617F), FloatEq(-0.3132617F)));
}

TEST(FloatBinary, ComparesAndChooses) {
  GraphBuilder builder;
  const uint32_t a = builder.Input({3});
  const uint32_t b = builder.Constant({3}, {2, 2, 2});
  const auto run = [&](OpKind kind) {
    GraphBuilder copy = builder;
    const uint32_t y = copy.Op(kind, {a, b}, {3});
    return RunGraph(copy.Build({y}), {{-7, 2, 5}});
  };
  EXPECT_THAT(run(OpKind::kMaximum), ElementsAre(2, 2, 5));
  EXPECT_THAT(run(OpKind::kMinimum), ElementsAre(-7, 2, 2));
  EXPECT_THAT(run(OpKind::kPow), ElementsAre(49, 4, 25));
  EXPECT_THAT(run(OpKind::kFloorMod), ElementsAre(1, 0, 1));
  EXPECT_THAT(run(OpKind::kFmod), ElementsAre(-1, 0, 1));
  EXPECT_THAT(run(OpKind::kLess), ElementsAre(1, 0, 0));
  EXPECT_THAT(run(OpKind::kLessEqual), ElementsAre(1, 1, 0));
  EXPECT_THAT(run(OpKind::kEqual), ElementsAre(0, 1, 0));
  EXPECT_THAT(run(OpKind::kNotEqual), ElementsAre(1, 0, 1));
}

TEST(FloatSelect, ThreeOperandsBroadcast) {
  GraphBuilder builder;
  const uint32_t condition = builder.Input({2, 1});
  const uint32_t a = builder.Constant({3}, {1, 2, 3});
  const uint32_t b = builder.Constant({1}, {9});
  const uint32_t y = builder.Op(OpKind::kSelect, {condition, a, b}, {2, 3});
  EXPECT_THAT(RunGraph(builder.Build({y}), {{0, 1}}), ElementsAre(9, 9, 9, 1, 2, 3));
}

}  // namespace
}  // namespace plumb::npu
