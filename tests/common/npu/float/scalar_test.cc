// Functions of one number; expected values by Python's decimal with 80 digits.
#include "common/npu/graph/scalar.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "tests/common/npu/float/run_graph.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::RunUnary;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::IsNan;

std::vector<float> RunRow(OpKind kind,
                          const std::vector<float>& values,
                          GraphOpAttributes attributes = {}) {
  const Shape shape = {static_cast<int64_t>(values.size())};
  return RunUnary(kind, shape, shape, values, std::move(attributes));
}

TEST(FloatScalar, RootsAndLogarithms) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(RunRow(OpKind::kSqrt, {9, 0, -1}), ElementsAre(3, 0, IsNan()));
  EXPECT_THAT(RunRow(OpKind::kRsqrt, {4, 0}), ElementsAre(0.5F, kInfinity));
  EXPECT_THAT(RunRow(OpKind::kReciprocal, {4, -2, 0}), ElementsAre(0.25F, -0.5F, kInfinity));
  EXPECT_THAT(RunRow(OpKind::kLog, {1, 2, 3, 0}),
              ElementsAre(0, FloatEq(0.69314718F), FloatEq(1.0986123F), -kInfinity));
}

TEST(FloatScalar, PowerShiftsAndScalesFirst) {
  EXPECT_THAT(RunRow(OpKind::kPower, {1, 2, -3}, PowerAttributes{2, 3, 1}),
              ElementsAre(16, 49, 64));
  EXPECT_THAT(RunRow(OpKind::kPower, {4, 16}, PowerAttributes{-0.5F, 1, 0}),
              ElementsAre(0.5F, 0.25F));
}

TEST(FloatScalar, EluFamily) {
  EXPECT_THAT(RunRow(OpKind::kElu, {2, 0, -1}, EluAttributes{2, 1, 1}),
              ElementsAre(2, 0, FloatEq(2 * -0.63212056F)));
  // SELU: the scale applies on both sides. CELU: −1 / 2 inside.
  EXPECT_THAT(RunRow(OpKind::kElu, {2, -1}, EluAttributes{2, 3, 1}),
              ElementsAre(6, FloatEq(6 * -0.63212056F)));
  EXPECT_THAT(RunRow(OpKind::kElu, {2, -1}, EluAttributes{2, 1, 2}),
              ElementsAre(2, FloatEq(2 * -0.39346934F)));
}

TEST(FloatScalar, Gates) {
  EXPECT_THAT(RunRow(OpKind::kHardSigmoid, {-3, 1, 9}, HardSigmoidAttributes{0.25F, 0.5F}),
              ElementsAre(0, 0.75F, 1));
  EXPECT_THAT(RunRow(OpKind::kThresholdedRelu, {-3, 2, 2.5F}, ThresholdAttributes{2}),
              ElementsAre(0, 0, 2.5F));
  EXPECT_THAT(RunRow(OpKind::kClip, {-3, 0.5F, 9}, ClipAttributes{-1, 2}),
              ElementsAre(-1, 0.5F, 2));
  EXPECT_THAT(RunRow(OpKind::kSoftplus, {0, 1, 100, -100}),
              ElementsAre(FloatEq(0.69314718F), FloatEq(1.3132617F), 100, FloatEq(3.7835059e-44F)));
  EXPECT_THAT(RunRow(OpKind::kSoftsign, {1, -3}), ElementsAre(0.5F, -0.75F));
  EXPECT_THAT(RunRow(OpKind::kErf, {0.5F}), ElementsAre(FloatEq(0.52049988F)));
  EXPECT_THAT(RunRow(OpKind::kGelu, {0, 1}), ElementsAre(0, FloatEq(0.84134475F)));
}

TEST(FloatScalar, Rounding) {
  EXPECT_THAT(RunRow(OpKind::kFloor, {-1.5F, 2.9F}), ElementsAre(-2, 2));
  EXPECT_THAT(RunRow(OpKind::kCeil, {-1.5F, 2.1F}), ElementsAre(-1, 3));
  EXPECT_THAT(RunRow(OpKind::kRound, {0.5F, 1.5F, -2.5F, 2.6F}), ElementsAre(0, 2, -2, 3));
  EXPECT_THAT(RunRow(OpKind::kSign, {-7, 0, 0.1F}), ElementsAre(-1, 0, 1));
}

TEST(FloatScalar, Trigonometry) {
  EXPECT_THAT(RunRow(OpKind::kSin, {1}), ElementsAre(FloatEq(0.84147098F)));
  EXPECT_THAT(RunRow(OpKind::kCos, {1}), ElementsAre(FloatEq(0.54030231F)));
  EXPECT_THAT(RunRow(OpKind::kTan, {1}), ElementsAre(FloatEq(1.5574077F)));
  EXPECT_THAT(RunRow(OpKind::kAsin, {0.5F, 0.75F, -1}),
              ElementsAre(FloatEq(0.52359878F), FloatEq(0.84806208F), FloatEq(-1.5707963F)));
  EXPECT_THAT(RunRow(OpKind::kAcos, {0.5F, 1, -1}),
              ElementsAre(FloatEq(1.0471976F), 0, FloatEq(3.1415927F)));
  EXPECT_THAT(RunRow(OpKind::kAtan, {1}), ElementsAre(FloatEq(0.78539816F)));
  EXPECT_THAT(RunRow(OpKind::kSinh, {1, -1, 1e-6F}),
              ElementsAre(FloatEq(1.1752012F), FloatEq(-1.1752012F), FloatEq(1e-6F)));
  EXPECT_THAT(RunRow(OpKind::kCosh, {1}), ElementsAre(FloatEq(1.5430806F)));
  EXPECT_THAT(RunRow(OpKind::kAsinh, {1, -1}),
              ElementsAre(FloatEq(0.88137359F), FloatEq(-0.88137359F)));
  EXPECT_THAT(RunRow(OpKind::kAcosh, {2}), ElementsAre(FloatEq(1.3169579F)));
  EXPECT_THAT(RunRow(OpKind::kAtanh, {0.5F}), ElementsAre(FloatEq(0.54930614F)));
}

TEST(ScalarFunction, IsEmptyForOtherKinds) {
  GraphOp op;
  op.kind = OpKind::kConv2d;
  EXPECT_EQ(ScalarFunction(op), nullptr);
  EXPECT_FALSE(IsScalarKind(OpKind::kRelu));
  EXPECT_TRUE(IsScalarKind(OpKind::kSqrt));
  EXPECT_TRUE(IsScalarKind(OpKind::kElu));
}

}  // namespace
}  // namespace plumb::npu
