#include <cmath>

#include <gmock/gmock.h>

#include "tests/common/npu/float/run_graph.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::GraphBuilder;
using ::plumb::testing::RunGraph;
using ::plumb::testing::RunUnary;
using ::testing::ElementsAre;
using ::testing::FloatEq;

std::vector<float> RunRow(OpKind kind,
                          const std::vector<float>& values,
                          GraphOpAttributes attributes = {}) {
  const Shape shape = {1, static_cast<int64_t>(values.size())};
  return RunUnary(kind, shape, shape, values, std::move(attributes));
}

TEST(FloatArithmetic, BroadcastsAsNumpy) {
  GraphBuilder builder;
  const uint32_t a = builder.Input({2, 1, 2});
  const uint32_t b = builder.Constant({3, 1}, {10, 20, 30});
  const uint32_t y = builder.Op(OpKind::kSub, {a, b}, {2, 3, 2});
  EXPECT_THAT(RunGraph(builder.Build({y}), {{1, 2, 3, 4}}),
              ElementsAre(-9, -8, -19, -18, -29, -28, -7, -6, -17, -16, -27, -26));
}

TEST(FloatArithmetic, AddsAVectorAndMultipliesByAScalar) {
  GraphBuilder builder;
  const uint32_t a = builder.Input({2, 2});
  const uint32_t b = builder.Constant({2}, {100, 200});
  const uint32_t c = builder.Constant({}, {0.5F});
  const uint32_t sum = builder.Op(OpKind::kAdd, {a, b}, {2, 2});
  const uint32_t y = builder.Op(OpKind::kMul, {c, sum}, {2, 2});
  EXPECT_THAT(RunGraph(builder.Build({y}), {{2, 4, 6, 8}}), ElementsAre(51, 102, 53, 104));
}

TEST(FloatArithmetic, DividesByABroadcastRow) {
  GraphBuilder builder;
  const uint32_t a = builder.Input({2, 2});
  const uint32_t b = builder.Constant({2, 1}, {2, -4});
  const uint32_t y = builder.Op(OpKind::kDiv, {a, b}, {2, 2});
  EXPECT_THAT(RunGraph(builder.Build({y}), {{1, 4, 6, -8}}), ElementsAre(0.5F, 2, -1.5F, 2));
}

TEST(FloatArithmetic, FusedReluClamps) {
  GraphBuilder builder;
  const uint32_t a = builder.Input({3});
  const uint32_t b = builder.Constant({3}, {0, 0, 0});
  const uint32_t y = builder.Op(OpKind::kAdd, {a, b}, {3}, {}, Activation::kReluN1To1);
  EXPECT_THAT(RunGraph(builder.Build({y}), {{-2, 0.5F, 2}}), ElementsAre(-1, 0.5F, 1));
}

TEST(FloatPrelu, SlopesApplyBelowZero) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 1, 2, 2});
  const uint32_t slopes = builder.Constant({1, 1, 2}, {0.5F, -2});
  const uint32_t y = builder.Op(OpKind::kPrelu, {x, slopes}, {1, 1, 2, 2});
  EXPECT_THAT(RunGraph(builder.Build({y}), {{-4, -4, 4, 4}}), ElementsAre(-2, 8, 4, 4));
}

TEST(FloatUnary, FollowsTheDefinitions) {
  EXPECT_THAT(RunRow(OpKind::kRelu, {-1, 0, 7}), ElementsAre(0, 0, 7));
  EXPECT_THAT(RunRow(OpKind::kNeg, {-1, 2.5F}), ElementsAre(1, -2.5F));
  EXPECT_THAT(RunRow(OpKind::kExp, {0, 1, -1}),
              ElementsAre(1, FloatEq(2.71828183F), FloatEq(0.36787944F)));
  EXPECT_THAT(RunRow(OpKind::kRelu6, {-1, 3, 7}), ElementsAre(0, 3, 6));
  EXPECT_THAT(RunRow(OpKind::kReluN1To1, {-3, 0.25F, 7}), ElementsAre(-1, 0.25F, 1));
  EXPECT_THAT(RunRow(OpKind::kAbs, {-3, 2}), ElementsAre(3, 2));
  EXPECT_THAT(RunRow(OpKind::kLeakyRelu, {-8, 8}, LeakyReluAttributes{0.25F}), ElementsAre(-2, 8));
  EXPECT_THAT(RunRow(OpKind::kHardSwish, {-4, -3, 0, 1, 3, 5}),
              ElementsAre(0, 0, 0, FloatEq(4.0F / 6), 3, 5));
  EXPECT_THAT(RunRow(OpKind::kLogistic, {0, std::log(3.0F), -200}),
              ElementsAre(0.5F, FloatEq(0.75F), 0));
  EXPECT_THAT(RunRow(OpKind::kTanh, {0, std::log(2.0F)}), ElementsAre(0, FloatEq(0.6F)));
}

TEST(FloatSoftmax, NormalisesEachRow) {
  EXPECT_THAT(
      RunUnary(OpKind::kSoftmax,
               {2, 2},
               {2, 2},
               {1000, 1000 + std::log(3.0F), 5, 5},
               SoftmaxAttributes{1}),
      ElementsAre(
          ::testing::FloatNear(0.25F, 1e-4F), ::testing::FloatNear(0.75F, 1e-4F), 0.5F, 0.5F));
  EXPECT_THAT(RunRow(OpKind::kSoftmax, {0, std::log(3.0F)}, SoftmaxAttributes{2}),
              ElementsAre(FloatEq(0.1F), FloatEq(0.9F)));
}

}  // namespace
}  // namespace plumb::npu
