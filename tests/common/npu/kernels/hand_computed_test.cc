// Every kind of operation on numbers small enough to work out by hand, on both kernel sets.
#include <gtest/gtest.h>

#include "common/npu/kernels_fast/executor.h"
#include "common/npu/kernels_reference/executor.h"
#include "tests/common/npu/kernels/layer_builder.h"

namespace plumb::npu {
namespace {

using Values = std::vector<int16_t>;

constexpr Multiplier kOne = {1 << 30, 30};
constexpr Multiplier kHalf = {1 << 30, 31};
constexpr Clamp kU8 = {0, 255};
constexpr Clamp kS8 = {-128, 127};
constexpr Clamp kS16 = {-32768, 32767};

template <class Executor>
class HandComputed : public testing::Test {
 protected:
  // The layer's output for these inputs under a profile.
  static Values Run(const FixedModel& model,
                    const std::vector<Values>& inputs,
                    RoundingProfile profile = RoundingProfile::kHalfEven) {
    typename Executor::Options options;
    options.rounding = profile;
    auto executor = Executor::Create(std::make_shared<FixedModel>(model), options);
    EXPECT_TRUE(executor.ok()) << executor.status().ToString();
    if (!executor.ok()) {
      return {};
    }
    Values output(*model.tensors[model.outputs[0]].shape.element_count());
    const std::vector<std::span<const int16_t>> spans(inputs.begin(), inputs.end());
    const std::vector<std::span<int16_t>> outputs = {output};
    const Status status = (*executor)->Run(spans, outputs);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return output;
  }
};

using Executors = testing::Types<ReferenceExecutor, FastExecutor>;
TYPED_TEST_SUITE(HandComputed, Executors);

FixedTensor U8(const std::string& name, const Shape& shape, int32_t zero_point = 0) {
  return MakeTensor(name, shape, ElementType::kUint8, zero_point);
}

FixedTensor S16(const std::string& name, const Shape& shape) {
  return MakeTensor(name, shape, ElementType::kInt16);
}

LinearWeights Linear(const std::vector<int>& weights,
                     std::vector<int64_t> bias,
                     std::vector<Multiplier> multipliers) {
  return {Int8Buffer(weights), std::move(bias), std::move(multipliers)};
}

TYPED_TEST(HandComputed, ConvolutionSumsTheWindowAndPadsWithTheZeroPoint) {
  Conv2d conv;
  conv.window.kernel_height = 2;
  conv.window.kernel_width = 2;
  conv.window.pad_top = 1;
  conv.linear = Linear({1, 2, 3, 4}, {5}, {kOne});
  conv.clamp = kU8;
  // Centred input: 1 2 / 3 4. First output: padding row, then 3·1 + 4·2; second the whole window.
  const FixedModel model = MakeLayer(conv, {U8("x", {1, 2, 2, 1}, 10)}, U8("y", {1, 2, 1, 1}, 100));
  EXPECT_EQ(this->Run(model, {{11, 12, 13, 14}}), (Values{116, 135}));
}

TYPED_TEST(HandComputed, ConvolutionStridesDilatesAndGroups) {
  Conv2d conv;
  conv.window.kernel_width = 2;
  conv.window.dilation_width = 2;
  conv.window.stride_width = 2;
  conv.groups = 2;
  // Group 1 reads channel 0 with weights 1, 10; group 2 channel 1 with weights 2, 20.
  conv.linear = Linear({1, 10, 2, 20}, {0, 0}, {kOne, kOne});
  conv.clamp = kS16;
  const FixedModel model = MakeLayer(conv, {S16("x", {1, 1, 5, 2})}, S16("y", {1, 1, 2, 2}));
  // Channel 0: 1 2 3 4 5; channel 1: 6 7 8 9 10. Taps at x and x + 2, x = 0, 2.
  EXPECT_EQ(this->Run(model, {{1, 6, 2, 7, 3, 8, 4, 9, 5, 10}}), (Values{31, 172, 53, 216}));
}

TYPED_TEST(HandComputed, EveryChannelHasItsOwnMultiplierAndTheClampHolds) {
  Conv2d conv;
  conv.linear = Linear({1, 1, 1}, {0, 0, 0}, {kOne, kHalf, {1 << 30, 27}});
  conv.clamp = {-50, 60};
  const FixedModel model = MakeLayer(conv, {S16("x", {1, 1, 2, 1})}, S16("y", {1, 1, 2, 3}));
  EXPECT_EQ(this->Run(model, {{20, -8}}), (Values{20, 10, 60, -8, -4, -50}));
}

TYPED_TEST(HandComputed, RequantisationRoundsTiesByProfile) {
  Conv2d conv;
  conv.linear = Linear({1, 1}, {0, 0}, {kHalf, {1 << 30, 32}});
  conv.clamp = kS16;
  const FixedModel model = MakeLayer(conv, {S16("x", {1, 1, 4, 1})}, S16("y", {1, 1, 4, 2}));
  // x/2 and x/4 of 1, -1, 6, -6. half_away rounds x/4 in two steps: 1/4 -> 1/2 up -> 1/2 away.
  const std::vector<Values> x = {{1, -1, 6, -6}};
  EXPECT_EQ(this->Run(model, x, RoundingProfile::kHalfEven), (Values{0, 0, 0, 0, 3, 2, -3, -2}));
  EXPECT_EQ(this->Run(model, x, RoundingProfile::kHalfUp), (Values{1, 0, 0, 0, 3, 2, -3, -1}));
  EXPECT_EQ(this->Run(model, x, RoundingProfile::kHalfAway), (Values{1, 1, 0, 0, 3, 2, -3, -2}));
}

TYPED_TEST(HandComputed, SumsBeyond32BitsStayExact) {
  FullyConnected full;
  const int depth = 1000;
  full.linear = Linear(std::vector<int>(depth, 127), {int64_t{1} << 40}, {{1 << 30, 56}});
  full.clamp = kS16;
  const FixedModel model = MakeLayer(full, {S16("x", {1, depth})}, S16("y", {1, 1}));
  // (2^40 + 1000 · 127 · 32767) / 2^26 = (1,099,511,627,776 + 4,161,409,000) / 67,108,864 =
  // 16446.01
  EXPECT_EQ(this->Run(model, {Values(depth, 32767)}), (Values{16446}));
}

TYPED_TEST(HandComputed, DepthwiseKeepsChannelsApart) {
  DepthwiseConv2d conv;
  conv.window.kernel_width = 2;
  // Weights [tap][output]; outputs 0, 1 read channel 0 and outputs 2, 3 channel 1.
  conv.linear = Linear({1, 2, 3, 4, 10, 20, 30, 40}, {0, 0, 0, 1}, {kOne, kOne, kOne, kOne});
  conv.clamp = kS16;
  const FixedModel model = MakeLayer(conv, {S16("x", {1, 1, 2, 2})}, S16("y", {1, 1, 1, 4}));
  EXPECT_EQ(this->Run(model, {{1, 2, 3, 4}}), (Values{31, 62, 126, 169}));
}

TYPED_TEST(HandComputed, FullyConnectedMultipliesRows) {
  FullyConnected full;
  full.linear = Linear({1, 2, 3, -1, 0, 1}, {10, 20}, {kOne, kOne});
  full.clamp = kS8;
  const FixedModel model = MakeLayer(full,
                                     {MakeTensor("x", {2, 1, 3}, ElementType::kInt8, -1)},
                                     MakeTensor("y", {2, 2}, ElementType::kInt8, 3));
  // Centred rows 1 2 3 and 0 0 -1.
  EXPECT_EQ(this->Run(model, {{0, 1, 2, -1, -1, -2}}), (Values{27, 25, 10, 22}));
}

TYPED_TEST(HandComputed, TransposedConvolutionScatters) {
  TransposeConv2d conv;
  conv.window.kernel_width = 3;
  conv.window.stride_width = 2;
  conv.window.pad_left = 1;
  conv.linear = Linear({1, 10, 100}, {0}, {kOne});
  conv.clamp = kS16;
  // Input 2, 3 lands at -1…1 and 1…3: 20 | 200 + 3 | 30 | 300.
  const FixedModel model = MakeLayer(conv, {S16("x", {1, 1, 2, 1})}, S16("y", {1, 1, 4, 1}));
  EXPECT_EQ(this->Run(model, {{2, 3}}), (Values{20, 203, 30, 300}));
}

TYPED_TEST(HandComputed, MaxPoolIgnoresThePadding) {
  MaxPool2d pool;
  pool.window.kernel_width = 2;
  pool.window.stride_width = 2;
  pool.window.pad_left = 1;
  pool.clamp = {-90, 100};
  const FixedTensor x = S16("x", {1, 1, 3, 1});
  const FixedModel model = MakeLayer(pool, {x}, S16("y", {1, 1, 2, 1}));
  EXPECT_EQ(this->Run(model, {{-100, -3, -2}}), (Values{-90, -2}));
}

TYPED_TEST(HandComputed, AveragePoolCountsWhatIsInsideAndRoundsByProfile) {
  AveragePool2d pool;
  pool.window.kernel_width = 2;
  pool.window.pad_left = 1;
  pool.multiplier = {1, 0};
  pool.clamp = kS16;
  const FixedModel model = MakeLayer(pool, {S16("x", {1, 1, 3, 1})}, S16("y", {1, 1, 3, 1}));
  // 7 alone; (7 - 2)/2 = 2.5; (-2 - 3)/2 = -2.5.
  EXPECT_EQ(this->Run(model, {{7, -2, -3}}, RoundingProfile::kHalfEven), (Values{7, 3, -3}));
  EXPECT_EQ(this->Run(model, {{7, -2, -3}}, RoundingProfile::kHalfUp), (Values{7, 3, -2}));
  EXPECT_EQ(this->Run(model, {{7, -2, -3}}, RoundingProfile::kHalfAway), (Values{7, 3, -3}));
}

TYPED_TEST(HandComputed, AveragePoolTiesLeaveTheStoredZeroNotTheRealOne) {
  AveragePool2d pool;
  pool.window.kernel_width = 2;
  pool.window.stride_width = 2;
  pool.multiplier = {1, 0};
  pool.clamp = kS8;
  // Stored averages 2.5, -2.5, 0.5, -0.5: TFLite's int8 loop gives (5 + 1)/2 = 3 and
  // (-5 - 1)/2 = -3, (1 + 1)/2 = 1 and (-1 - 1)/2 = -1, whatever the zero point.
  const std::vector<Values> x = {{2, 3, -2, -3, 0, 1, -1, 0}};
  for (const int32_t zero_point : {0, -5, 10}) {
    const FixedModel model =
        MakeLayer(pool,
                  {MakeTensor("x", {1, 1, 8, 1}, ElementType::kInt8, zero_point)},
                  MakeTensor("y", {1, 1, 4, 1}, ElementType::kInt8, zero_point));
    EXPECT_EQ(this->Run(model, x, RoundingProfile::kHalfEven), (Values{3, -3, 1, -1}));
    EXPECT_EQ(this->Run(model, x, RoundingProfile::kHalfAway), (Values{3, -3, 1, -1}));
    EXPECT_EQ(this->Run(model, x, RoundingProfile::kHalfUp), (Values{3, -2, 1, 0}));
  }
}

TYPED_TEST(HandComputed, AveragePoolOfPixelsRoundsTiesUp) {
  AveragePool2d pool;
  pool.window.kernel_width = 2;
  pool.window.stride_width = 2;
  pool.multiplier = {1, 0};
  pool.clamp = kU8;
  const FixedModel model =
      MakeLayer(pool, {U8("x", {1, 1, 4, 1}, 128)}, U8("y", {1, 1, 2, 1}, 128));
  // No stored value lies below 0: 125.5 and 130.5, on either side of the real zero, go up.
  const std::vector<Values> x = {{125, 126, 130, 131}};
  EXPECT_EQ(this->Run(model, x, RoundingProfile::kHalfEven), (Values{126, 131}));
  EXPECT_EQ(this->Run(model, x, RoundingProfile::kHalfAway), (Values{126, 131}));
}

TYPED_TEST(HandComputed, MeanReducesChosenAxesBetweenScales) {
  Mean mean;
  mean.axes = {1};
  mean.multiplier = {3, 1};
  mean.clamp = kU8;
  // Centred columns (1, 4), (2, 9) of zero point 1: means 2.5, 5.5 times 1.5 = 3.75, 8.25, plus 10.
  const FixedModel model = MakeLayer(mean, {U8("x", {1, 2, 2}, 1)}, U8("y", {1, 2}, 10));
  EXPECT_EQ(this->Run(model, {{2, 3, 5, 10}}), (Values{14, 18}));
}

TYPED_TEST(HandComputed, AddRoundsTheSumOnce) {
  const Add add{1 << 30, 1 << 30, 31, kS16};
  const FixedModel model = MakeLayer(add, {S16("a", {3}), U8("b", {3}, 128)}, S16("y", {3}));
  // a/2 + b/2: rounding each half of 1 + 1 on its own would give 0 or 2.
  EXPECT_EQ(this->Run(model, {{1, 3, -5}, {129, 130, 130}}), (Values{1, 2, -2}));
  EXPECT_EQ(this->Run(model, {{1, 3, -5}, {129, 130, 130}}, RoundingProfile::kHalfUp),
            (Values{1, 3, -1}));
}

TYPED_TEST(HandComputed, SubtractBroadcastsAConstant) {
  const Add subtract{1 << 30, -(1 << 30), 30, kU8};
  const FixedModel model =
      MakeLayer(subtract,
                {U8("a", {2, 2}), MakeConstant("b", {2}, ElementType::kInt16, {1, 300})},
                U8("y", {2, 2}, 50));
  EXPECT_EQ(this->Run(model, {{10, 255, 0, 254}}), (Values{59, 5, 49, 4}));
}

TYPED_TEST(HandComputed, MultiplyUsesCentredOperands) {
  const Mul mul{kHalf, kS8};
  const FixedModel model =
      MakeLayer(mul,
                {U8("a", {2, 1}, 10), MakeConstant("b", {1, 2}, ElementType::kInt8, {3, -4})},
                MakeTensor("y", {2, 2}, ElementType::kInt8, 1));
  // Centred a: -2, 5. Products -6, 8 and 15, -20; halves -3, 4, 7.5 (even: 8), -10; plus 1.
  EXPECT_EQ(this->Run(model, {{8, 15}}), (Values{-2, 5, 9, -9}));
}

TYPED_TEST(HandComputed, PreluScalesNegativesByTheirChannelsSlope) {
  const Prelu prelu{kOne, kHalf, kS16};
  const FixedModel model =
      MakeLayer(prelu,
                {S16("x", {2, 2}), MakeConstant("slope", {2}, ElementType::kInt8, {1, 6})},
                S16("y", {2, 2}));
  EXPECT_EQ(this->Run(model, {{8, 8, -8, -8}}), (Values{8, 8, -4, -24}));
}

TYPED_TEST(HandComputed, LeakyReluHasTwoSlopes) {
  const LeakyRelu relu{kOne, {1 << 30, 32}, kU8};
  const FixedModel model = MakeLayer(relu, {U8("x", {3}, 100)}, U8("y", {3}, 20));
  EXPECT_EQ(this->Run(model, {{110, 100, 60}}), (Values{30, 20, 10}));
}

TYPED_TEST(HandComputed, RequantizeMovesBetweenTypes) {
  const Requantize requantize{{1 << 30, 22}, kS16};
  const FixedModel model = MakeLayer(requantize, {U8("x", {3}, 128)}, S16("y", {3}));
  EXPECT_EQ(this->Run(model, {{0, 129, 255}}), (Values{-32768, 256, 32512}));
}

TYPED_TEST(HandComputed, NarrowTablesAnswerPerValue) {
  Lookup lookup;
  for (int i = 0; i < 256; ++i) {
    lookup.table.push_back(i == 3 ? 77 : 0);
  }
  const FixedModel model =
      MakeLayer(lookup, {MakeTensor("x", {2}, ElementType::kInt8, 5)}, S16("y", {2}));
  EXPECT_EQ(this->Run(model, {{-125, 3}}), (Values{77, 0}));
}

TYPED_TEST(HandComputed, WideTablesInterpolate) {
  Lookup lookup;
  lookup.table.assign(513, 0);
  lookup.table[256] = 100;  // at 0
  lookup.table[257] = 101;  // at 128
  lookup.table[512] = -64;  // at 32768
  const FixedModel model = MakeLayer(lookup, {S16("x", {4})}, S16("y", {4}));
  // At 0 the entry itself; at 64 halfway: 100.5; at -1 100 · 127/128; at the end -64 · 127/128 =
  // -63.5.
  const std::vector<Values> x = {{0, 64, -1, 32767}};
  EXPECT_EQ(this->Run(model, x, RoundingProfile::kHalfEven), (Values{100, 100, 99, -64}));
  EXPECT_EQ(this->Run(model, x, RoundingProfile::kHalfUp), (Values{100, 101, 99, -63}));
  EXPECT_EQ(this->Run(model, x, RoundingProfile::kHalfAway), (Values{100, 101, 99, -64}));
}

TYPED_TEST(HandComputed, SoftmaxSharesOut) {
  Softmax softmax;
  softmax.exp_table.assign(256, 0);
  softmax.exp_table[0] = 1 << 30;
  softmax.exp_table[10] = 1 << 29;
  softmax.output = {256, 0};
  softmax.clamp = kS8;
  const FixedModel model =
      MakeLayer(softmax, {U8("x", {1, 3}, 7)}, MakeTensor("y", {1, 3}, ElementType::kInt8, -128));
  // Weights 1, 1/2, 0: 256 · 2/3 = 170.67, 256/3 = 85.33, 0, minus 128.
  EXPECT_EQ(this->Run(model, {{60, 50, 1}}), (Values{43, -43, -128}));
}

TYPED_TEST(HandComputed, WideSoftmaxMultipliesTwoTables) {
  Softmax softmax;
  softmax.exp_table.assign(512, 0);
  softmax.exp_table[0] = 1 << 30;
  softmax.exp_table[1] = 1 << 29;  // distance 256
  softmax.exp_table[256] = 1 << 30;
  softmax.exp_table[256 + 3] = 1 << 29;  // distance 3
  softmax.output = {1000, 0};
  softmax.clamp = kS16;
  const FixedModel model = MakeLayer(softmax, {S16("x", {1, 2})}, S16("y", {1, 2}));
  // Distance 259: a quarter. 1000 · 4/5 and 1000/5.
  EXPECT_EQ(this->Run(model, {{100, -159}}), (Values{800, 200}));
}

TYPED_TEST(HandComputed, PadSurroundsWithTheValue) {
  const FixedModel model = MakeLayer(Pad{{1, 0}, 9}, {U8("x", {1, 2}, 9)}, U8("y", {3, 3}, 9));
  EXPECT_EQ(this->Run(model, {{1, 2}}), (Values{9, 9, 9, 1, 2, 9, 9, 9, 9}));
}

TYPED_TEST(HandComputed, ConcatRescalesEachInput) {
  Concat concat;
  concat.axis = 1;
  concat.multipliers = {{1, 0}, kHalf};
  concat.clamp = kU8;
  const FixedModel model =
      MakeLayer(concat, {U8("a", {2, 1}, 10), U8("b", {2, 2}, 0)}, U8("y", {2, 3}, 10));
  EXPECT_EQ(this->Run(model, {{1, 2}, {2, 4, 6, 200}}), (Values{1, 11, 12, 2, 13, 110}));
}

TYPED_TEST(HandComputed, ReshapeAndTransposeMoveValues) {
  const FixedModel reshape = MakeLayer(Reshape{}, {U8("x", {2, 3})}, U8("y", {3, 2}));
  EXPECT_EQ(this->Run(reshape, {{1, 2, 3, 4, 5, 6}}), (Values{1, 2, 3, 4, 5, 6}));
  const FixedModel transpose =
      MakeLayer(Transpose{{2, 0, 1}}, {U8("x", {1, 2, 3})}, U8("y", {3, 1, 2}));
  EXPECT_EQ(this->Run(transpose, {{1, 2, 3, 4, 5, 6}}), (Values{1, 4, 2, 5, 3, 6}));
}

TYPED_TEST(HandComputed, BilinearBlendsFourNeighbours) {
  ResizeBilinear resize;
  resize.rows = {{0}, {1}, {1024}};
  resize.columns = {{0, 0}, {0, 1}, {0, 512}};
  const FixedModel model = MakeLayer(resize, {S16("x", {1, 2, 2, 1})}, S16("y", {1, 1, 2, 1}));
  // Rows halved: (-3 + 0)/2 = -1.5 and (5 + 8)/2 = 6.5; a quarter of the way: -1.5 + 8/4 = 0.5.
  const std::vector<Values> x = {{-3, 5, 0, 8}};
  EXPECT_EQ(this->Run(model, x, RoundingProfile::kHalfEven), (Values{-2, 0}));
  EXPECT_EQ(this->Run(model, x, RoundingProfile::kHalfUp), (Values{-1, 1}));
  EXPECT_EQ(this->Run(model, x, RoundingProfile::kHalfAway), (Values{-2, 1}));
}

TYPED_TEST(HandComputed, NearestDepthToSpaceAndSliceMovePixels) {
  const FixedModel nearest =
      MakeLayer(ResizeNearest{{0, 0}, {1, 0, 1}}, {U8("x", {1, 1, 2, 1})}, U8("y", {1, 2, 3, 1}));
  EXPECT_EQ(this->Run(nearest, {{7, 8}}), (Values{8, 7, 8, 8, 7, 8}));
  const FixedModel depth =
      MakeLayer(DepthToSpace{2}, {U8("x", {1, 1, 2, 4})}, U8("y", {1, 2, 4, 1}));
  EXPECT_EQ(this->Run(depth, {{1, 2, 3, 4, 5, 6, 7, 8}}), (Values{1, 2, 5, 6, 3, 4, 7, 8}));
  const FixedModel slice =
      MakeLayer(StridedSlice{{1, 0}, {1, 2}}, {U8("x", {2, 3})}, U8("y", {1, 2}));
  EXPECT_EQ(this->Run(slice, {{1, 2, 3, 4, 5, 6}}), (Values{4, 6}));
}

TYPED_TEST(HandComputed, InputsOutsideTheirTypeAreRefused) {
  const FixedModel model = MakeLayer(Reshape{}, {U8("x", {1})}, U8("y", {1}));
  auto executor = TypeParam::Create(std::make_shared<FixedModel>(model), {});
  ASSERT_TRUE(executor.ok());
  const Values bad = {256};
  Values output = {0};
  const std::vector<std::span<const int16_t>> inputs = {bad};
  const std::vector<std::span<int16_t>> outputs = {output};
  EXPECT_EQ((*executor)->Run(inputs, outputs).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ((*executor)->Run({}, outputs).code(), StatusCode::kInvalidArgument);
  const Values good = {255};
  const std::vector<std::span<const int16_t>> good_inputs = {good};
  EXPECT_EQ((*executor)->Run(good_inputs, {}).code(), StatusCode::kInvalidArgument);
}

TYPED_TEST(HandComputed, TheTapSeesEveryLayerInOrder) {
  FixedModel model = MakeLayer(Requantize{kHalf, kU8}, {U8("x", {2})}, U8("y", {2}));
  model.tensors.push_back(U8("z", {2}, 1));
  FixedOp second = model.ops[0];
  second.inputs = {1};
  second.output = 2;
  model.ops.push_back(second);
  model.outputs = {2};
  auto executor = TypeParam::Create(std::make_shared<FixedModel>(model), {});
  ASSERT_TRUE(executor.ok());
  std::vector<std::pair<uint32_t, Values>> seen;
  const Values input = {8, 12};
  Values output(2);
  const std::vector<std::span<const int16_t>> inputs = {input};
  const std::vector<std::span<int16_t>> outputs = {output};
  const Status status = (*executor)->Run(inputs, outputs, [&](uint32_t tensor, auto values) {
    seen.emplace_back(tensor, Values(values.begin(), values.end()));
  });
  ASSERT_TRUE(status.ok());
  const std::vector<std::pair<uint32_t, Values>> expected = {{1, {4, 6}}, {2, {3, 4}}};
  EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace plumb::npu
