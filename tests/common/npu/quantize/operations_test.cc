// Every kind of operation: quantised, run by the reference kernels, and held against the float
// executor, which shares nothing with them.
#include <gmock/gmock.h>

#include "common/npu/float/executor.h"
#include "common/npu/quantize/quantize.h"
#include "common/npu/quantize/weights.h"
#include "tests/common/npu/quantize/run_fixed.h"
#include "tests/support/graph_builder.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::Dequantize;
using ::plumb::testing::GraphBuilder;
using ::plumb::testing::Quantize;
using ::plumb::testing::RunFixed;
using ::plumb::testing::Window;

// Values in [−4, 4) without a pattern that any operation shares.
std::vector<float> Spread(size_t count, uint32_t seed) {
  std::vector<float> values(count);
  for (float& value : values) {
    seed = seed * 1664525U + 1013904223U;
    value = static_cast<float>(seed >> 8) / static_cast<float>(1U << 21) - 4;
  }
  return values;
}

WindowAttributes SameWindow(int32_t kernel, int32_t stride, int32_t before, int32_t after) {
  WindowAttributes window = Window(kernel, kernel);
  window.stride_height = window.stride_width = stride;
  window.pad_top = window.pad_left = before;
  window.pad_bottom = window.pad_right = after;
  return window;
}

const Shape kPicture = {1, 6, 6, 4};

// Moved values differ by the rounding of the float run alone.
constexpr double kEqual = 1e-5;

using Build = uint32_t (*)(GraphBuilder& builder, uint32_t x);

struct Case {
  const char* name;
  Build build;
  // Of the output's scale that 8-bit results may be away: half a step of rounding, and more where a
  // rounded input leaves the calibrated range and saturates.
  double steps;
  // Likewise of 16-bit results without weights: a thousandth of the range, and more for a function
  // whose calibrated end lies between two entries of its table, the outer of which saturates.
  double wide_steps = 33;
};

void PrintTo(const Case& test, std::ostream* out) {
  *out << test.name;
}

uint32_t Conv(GraphBuilder& b, uint32_t x) {
  const uint32_t w = b.Constant({5, 3, 3, 4}, Spread(180, 7));
  const uint32_t bias = b.Constant({5}, Spread(5, 8));
  return b.Op(OpKind::kConv2d, {x, w, bias}, {1, 3, 3, 5}, SameWindow(3, 2, 0, 1));
}

uint32_t ConvRelu6(GraphBuilder& b, uint32_t x) {
  const uint32_t w = b.Constant({5, 1, 1, 4}, Spread(20, 9));
  return b.Op(OpKind::kConv2d, {x, w}, {1, 6, 6, 5}, SameWindow(1, 1, 0, 0), Activation::kRelu6);
}

uint32_t GroupedConv(GraphBuilder& b, uint32_t x) {
  WindowAttributes window = SameWindow(3, 1, 1, 1);
  window.groups = 2;
  const uint32_t w = b.Constant({4, 3, 3, 2}, Spread(72, 10));
  return b.Op(OpKind::kConv2d, {x, w}, kPicture, window);
}

uint32_t Depthwise(GraphBuilder& b, uint32_t x) {
  const uint32_t w = b.Constant({1, 3, 3, 8}, Spread(72, 11));
  const uint32_t bias = b.Constant({8}, Spread(8, 12));
  return b.Op(OpKind::kDepthwiseConv2d, {x, w, bias}, {1, 6, 6, 8}, SameWindow(3, 1, 1, 1));
}

uint32_t TransposeConv(GraphBuilder& b, uint32_t x) {
  const uint32_t w = b.Constant({3, 3, 3, 4}, Spread(108, 13));
  const uint32_t bias = b.Constant({3}, Spread(3, 14));
  return b.Op(OpKind::kTransposeConv2d, {x, w, bias}, {1, 12, 12, 3}, SameWindow(3, 2, 0, 1));
}

uint32_t MatrixProduct(GraphBuilder& b, uint32_t x) {
  const uint32_t w = b.Constant({7, 144}, Spread(1008, 15));
  const uint32_t bias = b.Constant({7}, Spread(7, 16));
  return b.Op(OpKind::kFullyConnected, {x, w, bias}, {1, 7});
}

uint32_t AddConstant(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kAdd, {x, b.Constant({4}, {0.5F, -1, 2, 3})}, kPicture);
}

uint32_t SubHalf(GraphBuilder& b, uint32_t x) {
  const uint32_t half = b.Op(OpKind::kMul, {x, b.Constant({1}, {0.5F})}, kPicture);
  return b.Op(OpKind::kSub, {x, half}, kPicture, {}, Activation::kRelu);
}

uint32_t MulConstant(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kMul, {x, b.Constant({1, 1, 1, 4}, {0.5F, -1, 2, 3})}, kPicture);
}

uint32_t PreluSlopes(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kPrelu, {x, b.Constant({1, 1, 4}, {0.1F, -0.5F, 0.9F, 0})}, kPicture);
}

template <OpKind kKind>
uint32_t Unary(GraphBuilder& b, uint32_t x) {
  return b.Op(kKind, {x}, kPicture);
}

template <int kSlopeInTenths>
uint32_t Leaky(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kLeakyRelu, {x}, kPicture, LeakyReluAttributes{kSlopeInTenths * 0.1F});
}

// Functions that need x > 0, of x + 8.
template <OpKind kKind>
uint32_t OfPositive(GraphBuilder& b, uint32_t x) {
  const uint32_t moved = b.Op(OpKind::kAdd, {x, b.Constant({1}, {8})}, kPicture);
  return b.Op(kKind, {moved}, kPicture);
}

uint32_t Cube(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kPower, {x}, kPicture, PowerAttributes{3, 0.5F, 1});
}

uint32_t Elu(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kElu, {x}, kPicture, EluAttributes{1.5F, 1, 1});
}

uint32_t HardSigmoid(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kHardSigmoid, {x}, kPicture, HardSigmoidAttributes{0.2F, 0.5F});
}

uint32_t ClipToRange(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kClip, {x}, kPicture, ClipAttributes{-1.5F, 2.5F});
}

// The larger or smaller of x and −x / 2, and of x and a number.
template <OpKind kKind>
uint32_t Extreme(GraphBuilder& b, uint32_t x) {
  const uint32_t other = b.Op(OpKind::kMul, {x, b.Constant({1}, {-0.5F})}, kPicture);
  return b.Op(kKind, {x, other}, kPicture);
}

uint32_t MaximumOfNumber(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kMaximum, {b.Constant({1}, {-1}), x}, kPicture);
}

// Backwards, as an edge repeats, and every second place: runs of all sorts.
uint32_t GatherRuns(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kGather, {x}, {1, 6, 8, 4}, GatherAttributes{2, {5, 4, 0, 0, 1, 3, 5, 5}});
}

uint32_t GatherEvenly(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kGather, {x}, {1, 3, 6, 4}, GatherAttributes{1, {1, 3, 5}});
}

uint32_t SoftmaxRows(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kSoftmax, {x}, kPicture, SoftmaxAttributes{1});
}

// The softmax as old exporters of TensorFlow write it.
uint32_t SoftmaxInParts(GraphBuilder& b, uint32_t x) {
  const Shape column = {1, 6, 6, 1};
  const uint32_t largest = b.Op(OpKind::kReduceMax, {x}, column, ReduceAttributes{{3}, true});
  const uint32_t below = b.Op(OpKind::kSub, {x, largest}, kPicture);
  const uint32_t power = b.Op(OpKind::kExp, {below}, kPicture);
  const uint32_t sum = b.Op(OpKind::kSum, {power}, column, ReduceAttributes{{3}, true});
  return b.Op(OpKind::kDiv, {power, sum}, kPicture);
}

template <OpKind kKind>
uint32_t Pool(GraphBuilder& b, uint32_t x) {
  return b.Op(kKind, {x}, {1, 3, 3, 4}, SameWindow(3, 2, 0, 1));
}

uint32_t MeanOfPicture(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kMean, {x}, {1, 4}, ReduceAttributes{{1, 2}, false});
}

uint32_t SumOfRows(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kSum, {x}, {1, 6, 1, 4}, ReduceAttributes{{2}, true});
}

uint32_t PadAround(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kPad, {x}, {1, 7, 8, 6}, PadAttributes{{0, 1, 0, 2}, {0, 0, 2, 0}});
}

// Zeros around the picture: a wide table is exact at its end only if calibration saw that end.
uint32_t ExpOfNegative(GraphBuilder& b, uint32_t x) {
  const Shape padded = {1, 7, 8, 6};
  const uint32_t size = b.Op(OpKind::kAbs, {PadAround(b, x)}, padded);
  return b.Op(OpKind::kExp, {b.Op(OpKind::kNeg, {size}, padded)}, padded);
}

uint32_t ConcatTwoScales(GraphBuilder& b, uint32_t x) {
  const uint32_t small = b.Op(OpKind::kLogistic, {x}, kPicture);
  return b.Op(OpKind::kConcat, {x, small}, {1, 6, 6, 8}, ConcatAttributes{3});
}

uint32_t ReshapeTranspose(GraphBuilder& b, uint32_t x) {
  const uint32_t flat = b.Op(OpKind::kReshape, {x}, {36, 4});
  return b.Op(OpKind::kTranspose, {flat}, {4, 36}, TransposeAttributes{{1, 0}});
}

template <OpKind kKind, bool kHalfPixel>
uint32_t Resize(GraphBuilder& b, uint32_t x) {
  return b.Op(kKind, {x}, {1, 12, 9, 4}, ResizeAttributes{false, kHalfPixel});
}

uint32_t DepthToSpaceBlocks(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kDepthToSpace, {x}, {1, 12, 12, 1}, DepthToSpaceAttributes{2});
}

uint32_t SliceAndDrop(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kStridedSlice,
              {x},
              {3, 4},
              StridedSliceAttributes{{0, 2, 1, 0}, {1, 1, 2, 1}, {1, 1, 3, 4}});
}

class OperationTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    GraphBuilder builder;
    const uint32_t x = builder.Input(kPicture);
    const uint32_t y = GetParam().build(builder, x);
    graph_ = std::make_shared<const Graph>(builder.Build({y}));
    input_ = Spread(144, 1);
  }

  FixedModel Freeze(int bits) {
    auto calibrator = Calibrator::Create(graph_);
    EXPECT_TRUE(calibrator.ok()) << calibrator.status().ToString();
    const Status added = calibrator->Add(std::vector<std::vector<float>>{input_});
    EXPECT_TRUE(added.ok()) << added.ToString();
    QuantizeOptions options;
    options.bits = bits;
    const Result<FixedModel> fixed = QuantizeFromFloat(*graph_, calibrator->ranges(), options);
    EXPECT_TRUE(fixed.ok()) << fixed.status().ToString();
    return fixed.ok() ? *fixed : FixedModel();
  }

  // The largest distance from the float result, in steps of the output.
  double Distance(const FixedModel& fixed) {
    const FixedTensor& input = fixed.tensors[fixed.inputs[0].tensor];
    const std::vector<int16_t> stored = Quantize(input, input_);
    std::vector<float> seen;
    for (const double value : Dequantize(input, stored)) {
      seen.push_back(static_cast<float>(value));
    }
    auto executor = FloatExecutor::Create(graph_);
    const auto expected = (*executor)->Run(std::vector<std::vector<float>>{seen});
    const FixedTensor& output = fixed.tensors[fixed.outputs[0]];
    const std::vector<double> actual = Dequantize(output, RunFixed(fixed, {stored})[0]);
    double largest = 0;
    for (size_t i = 0; i < actual.size(); ++i) {
      const double error = std::fabs(actual[i] - static_cast<double>((*expected)[0][i]));
      largest = std::max(largest, error / output.scale);
    }
    return largest;
  }

  std::shared_ptr<const Graph> graph_;
  std::vector<float> input_;
};

TEST_P(OperationTest, EightBitsAreWithinAFewSteps) {
  const FixedModel fixed = Freeze(8);
  ASSERT_EQ(fixed.outputs.size(), 1U);
  EXPECT_EQ(fixed.tensors[fixed.outputs[0]].element_type, ElementType::kUint8);
  EXPECT_LE(Distance(fixed), GetParam().steps);
}

TEST_P(OperationTest, SixteenBitsAreFarCloser) {
  const FixedModel fixed = Freeze(16);
  ASSERT_EQ(fixed.outputs.size(), 1U);
  EXPECT_EQ(fixed.tensors[fixed.outputs[0]].element_type, ElementType::kInt16);
  // Weights keep their 8 bits, so sums are only as good as those: a hundredth of the range.
  const double limit = HasWeights(graph_->ops[0].kind) ? 327 : GetParam().wide_steps;
  EXPECT_LE(Distance(fixed), limit);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds,
    OperationTest,
    ::testing::Values(Case{"conv", Conv, 3},
                      Case{"conv_relu6", ConvRelu6, 3},
                      Case{"grouped_conv", GroupedConv, 3},
                      Case{"depthwise", Depthwise, 3},
                      Case{"transpose_conv", TransposeConv, 3},
                      Case{"fully_connected", MatrixProduct, 3},
                      Case{"add_constant", AddConstant, 1.1},
                      Case{"sub_relu", SubHalf, 2.6},
                      Case{"mul_constant", MulConstant, 2},
                      Case{"prelu", PreluSlopes, 2},
                      Case{"relu", Unary<OpKind::kRelu>, 0.51},
                      Case{"relu6", Unary<OpKind::kRelu6>, 0.51},
                      Case{"relu_n1_to_1", Unary<OpKind::kReluN1To1>, 0.51},
                      Case{"leaky_relu", Leaky<2>, 0.51},
                      Case{"leaky_relu_falling", Leaky<-3>, 0.51},
                      Case{"hard_swish", Unary<OpKind::kHardSwish>, 0.51},
                      Case{"logistic", Unary<OpKind::kLogistic>, 0.51},
                      Case{"tanh", Unary<OpKind::kTanh>, 1},
                      Case{"abs", Unary<OpKind::kAbs>, 1.1},
                      Case{"neg", Unary<OpKind::kNeg>, 1.1},
                      Case{"exp", ExpOfNegative, 3},
                      Case{"clip", ClipToRange, 0.51},
                      Case{"sqrt", OfPositive<OpKind::kSqrt>, 1.1},
                      Case{"log", OfPositive<OpKind::kLog>, 1.2},
                      Case{"reciprocal", OfPositive<OpKind::kReciprocal>, 2.1, 384},
                      Case{"rsqrt", OfPositive<OpKind::kRsqrt>, 1.4, 192},
                      Case{"power", Cube, 0.6, 128},
                      Case{"elu", Elu, 0.51},
                      Case{"hard_sigmoid", HardSigmoid, 0.51},
                      Case{"softplus", Unary<OpKind::kSoftplus>, 0.51},
                      Case{"softsign", Unary<OpKind::kSoftsign>, 0.51},
                      Case{"sin", Unary<OpKind::kSin>, 0.6},
                      Case{"gelu", Unary<OpKind::kGelu>, 0.51},
                      Case{"erf", Unary<OpKind::kErf>, 0.51},
                      Case{"maximum", Extreme<OpKind::kMaximum>, 2.5},
                      Case{"minimum", Extreme<OpKind::kMinimum>, 2.5},
                      Case{"maximum_of_number", MaximumOfNumber, 0.51},
                      Case{"gather", GatherRuns, 0.6},
                      Case{"gather_evenly", GatherEvenly, kEqual},
                      Case{"softmax", SoftmaxRows, 1},
                      Case{"softmax_in_parts", SoftmaxInParts, 1},
                      Case{"max_pool", Pool<OpKind::kMaxPool2d>, kEqual},
                      Case{"average_pool", Pool<OpKind::kAveragePool2d>, 0.51},
                      Case{"mean", MeanOfPicture, 1.1},
                      Case{"sum", SumOfRows, 1.1},
                      Case{"pad", PadAround, kEqual},
                      Case{"concat", ConcatTwoScales, 0.6},
                      Case{"reshape_transpose", ReshapeTranspose, kEqual},
                      Case{"resize_bilinear", Resize<OpKind::kResizeBilinear, false>, 0.6},
                      Case{"resize_bilinear_half", Resize<OpKind::kResizeBilinear, true>, 0.6},
                      Case{"resize_nearest", Resize<OpKind::kResizeNearest, false>, kEqual},
                      Case{"resize_nearest_half", Resize<OpKind::kResizeNearest, true>, kEqual},
                      Case{"depth_to_space", DepthToSpaceBlocks, kEqual},
                      Case{"strided_slice", SliceAndDrop, kEqual}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace plumb::npu
