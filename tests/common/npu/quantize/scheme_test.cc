#include "common/npu/quantize/scheme.h"

#include <cmath>

#include <gmock/gmock.h>

#include "common/npu/quantize/lowering.h"
#include "common/npu/quantize/weights.h"
#include "tests/support/graph_builder.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::GraphBuilder;
using ::plumb::testing::Window;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Scales are float32 values.
double Float(double value) {
  return static_cast<double>(static_cast<float>(value));
}

std::vector<int> Signed(const Buffer& bytes) {
  std::vector<int> values;
  for (const uint8_t byte : bytes.span()) {
    values.push_back(static_cast<int8_t>(byte));
  }
  return values;
}

TEST(SchemeFromRange, EightBitsCoverTheRangeAndZero) {
  const Scheme scheme = SchemeFromRange(-1, 3, 8);
  EXPECT_EQ(scheme.type, ElementType::kUint8);
  EXPECT_FLOAT_EQ(static_cast<float>(scheme.scale), 4.0F / 255);
  EXPECT_EQ(scheme.zero_point, 64);  // 63.75
  EXPECT_EQ(SchemeFromRange(2, 3, 8).zero_point, 0);
  EXPECT_FLOAT_EQ(static_cast<float>(SchemeFromRange(2, 3, 8).scale), 3.0F / 255);
  EXPECT_EQ(SchemeFromRange(-3, -2, 8).zero_point, 255);
}

TEST(SchemeFromRange, SixteenBitsAreSymmetric) {
  const Scheme scheme = SchemeFromRange(-8, 3, 16);
  EXPECT_EQ(scheme.type, ElementType::kInt16);
  EXPECT_EQ(scheme.zero_point, 0);
  EXPECT_FLOAT_EQ(static_cast<float>(scheme.scale), 8.0F / 32767);
}

TEST(SchemeFromRange, ATensorOfZerosGetsAUsableScale) {
  EXPECT_GT(SchemeFromRange(0, 0, 8).scale, 0);
  EXPECT_GT(SchemeFromRange(0, 0, 16).scale, 0);
}

TEST(SchemeOfPicture, HoldsPixels) {
  const Result<Scheme> scheme = SchemeOfPicture({InputFormat::kRgb, {127.5, 127.5, 127.5}, 128});
  ASSERT_TRUE(scheme.ok()) << scheme.status().ToString();
  EXPECT_EQ(scheme->type, ElementType::kUint8);
  EXPECT_EQ(scheme->scale, 1.0 / 128);
  EXPECT_EQ(scheme->zero_point, 128);
}

TEST(SchemeOfPicture, RefusesWhatOneZeroPointCannotSay) {
  const Status means = SchemeOfPicture({InputFormat::kRgb, {123.7, 116.3, 103.5}, 58}).status();
  EXPECT_EQ(means.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(means.message(), HasSubstr("different means"));
  EXPECT_TRUE(SchemeOfPicture({InputFormat::kGray, {10, 20, 30}, 58}).ok());
  EXPECT_EQ(SchemeOfPicture({InputFormat::kGray, {0, 0, 0}, 0}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(SchemeOfPicture({InputFormat::kGray, {256, 0, 0}, 1}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(StoreValues, RoundsTiesToEvenAndClamps) {
  const Scheme narrow{ElementType::kUint8, 0.5, 10};
  const Buffer bytes = StoreValues(std::vector<float>{0, 0.25F, 0.75F, 1000, -1000}, narrow);
  EXPECT_THAT(bytes.span(), ElementsAre(10, 10, 12, 255, 0));
  const Scheme wide{ElementType::kInt16, 1, 0};
  const Buffer two = StoreValues(std::vector<float>{-2, 258}, wide);
  EXPECT_THAT(two.span(), ElementsAre(0xFE, 0xFF, 0x02, 0x01));
}

TEST(ClampOf, ActivationsBecomeStoredBounds) {
  FixedTensor tensor;
  tensor.scale = 0.1;
  tensor.zero_point = 10;
  const Clamp relu6 = ClampOf(tensor, BoundsOf(Activation::kRelu6));
  EXPECT_EQ(relu6.low, 10);
  EXPECT_EQ(relu6.high, 70);
  const Clamp symmetric = ClampOf(tensor, BoundsOf(Activation::kReluN1To1));
  EXPECT_EQ(symmetric.low, 0);
  EXPECT_EQ(symmetric.high, 20);
  const Clamp none = ClampOf(tensor, BoundsOf(Activation::kNone));
  EXPECT_EQ(none.low, 0);
  EXPECT_EQ(none.high, 255);
}

TEST(MakeLookup, TabulatesEveryStoredValue) {
  FixedTensor input;
  input.element_type = ElementType::kInt8;
  input.scale = 0.5;
  input.zero_point = -28;
  FixedTensor output;
  output.element_type = ElementType::kInt8;
  output.scale = 0.25;
  output.zero_point = 3;
  const Lookup lookup = MakeLookup(input, output, [](double x) { return x / 4; });
  ASSERT_EQ(lookup.table.size(), 256U);
  EXPECT_EQ(lookup.table[0], -47);   // (−128 + 28) · 0.5 / 4 / 0.25 + 3
  EXPECT_EQ(lookup.table[100], 3);   // the zero point
  EXPECT_EQ(lookup.table[255], 81);  // 155 · 0.5 = 77.5, to the even 78, + 3
}

TEST(MakeLookup, TabulatesEvery128thOf16Bits) {
  FixedTensor input;
  input.element_type = ElementType::kInt16;
  input.scale = 1;
  const FixedTensor output = input;
  const Lookup lookup = MakeLookup(input, output, [](double x) { return x < 0 ? -x : x; });
  ASSERT_EQ(lookup.table.size(), 513U);
  EXPECT_EQ(lookup.table[0], 32767);  // 32768 does not fit
  EXPECT_EQ(lookup.table[256], 0);
  EXPECT_EQ(lookup.table[257], 128);
}

TEST(QuantizeWeights, GivesEveryChannelItsScale) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 2});
  const uint32_t w = builder.Constant({2, 2}, {1, -2, 0.5F, 0.25F});
  const uint32_t b = builder.Constant({2}, {1, -1});
  const uint32_t y = builder.Op(OpKind::kFullyConnected, {x, w, b}, {1, 2});
  const Graph graph = builder.Build({y});
  const Result<IntegerWeights> weights = QuantizeWeights(graph, graph.ops[0], {0.5, 1, 8});
  ASSERT_TRUE(weights.ok()) << weights.status().ToString();
  EXPECT_THAT(weights->scales, ElementsAre(Float(2.0 / 127), Float(0.5 / 127)));
  EXPECT_THAT(Signed(weights->values), ElementsAre(64, -127, 127, 64));
  // 1 / (0.5 · 2 / 127) and −1 / (0.5 · 0.5 / 127).
  EXPECT_THAT(weights->bias, ElementsAre(127, -508));
}

TEST(QuantizeWeights, DepthwiseChannelsAreInnermost) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 1, 2, 2});
  const uint32_t w = builder.Constant({1, 1, 2, 2}, {1, 10, -2, 20});
  const uint32_t y = builder.Op(OpKind::kDepthwiseConv2d, {x, w}, {1, 1, 1, 2}, Window(1, 2));
  const Graph graph = builder.Build({y});
  const Result<IntegerWeights> weights = QuantizeWeights(graph, graph.ops[0], {1, 1, 8});
  ASSERT_TRUE(weights.ok()) << weights.status().ToString();
  EXPECT_THAT(weights->scales, ElementsAre(Float(2.0 / 127), Float(20.0 / 127)));
  EXPECT_THAT(Signed(weights->values), ElementsAre(64, 64, -127, 127));
  EXPECT_THAT(weights->bias, ElementsAre(0, 0));
}

// A channel whose weights are nearly nothing beside its bias must not overflow the accumulator.
TEST(QuantizeWeights, ScalesGrowUntilTheBiasFits) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 1});
  const uint32_t w = builder.Constant({2, 1}, {1e-20F, 0});
  const uint32_t b = builder.Constant({2}, {4, 0});
  const uint32_t y = builder.Op(OpKind::kFullyConnected, {x, w, b}, {1, 2});
  const Graph graph = builder.Build({y});
  const Result<IntegerWeights> weights = QuantizeWeights(graph, graph.ops[0], {1, 1, 8});
  ASSERT_TRUE(weights.ok()) << weights.status().ToString();
  EXPECT_THAT(weights->bias, ElementsAre(1 << 30, 0));
  EXPECT_EQ(weights->scales[0], 4.0 / (1 << 30));
}

TEST(QuantizeWeights, PerTensorTakesTheLargestScaleForAll) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 2});
  const uint32_t w = builder.Constant({2, 2}, {1, -2, 0.5F, 0.25F});
  const uint32_t y = builder.Op(OpKind::kFullyConnected, {x, w}, {1, 2});
  const Graph graph = builder.Build({y});
  const auto weights = QuantizeWeights(graph, graph.ops[0], {0.5, 1, 8}, WeightScales::kPerTensor);
  ASSERT_TRUE(weights.ok()) << weights.status().ToString();
  EXPECT_THAT(weights->scales, ElementsAre(Float(2.0 / 127), Float(2.0 / 127)));
  // 0.5 and 0.25 in steps of 2/127: 31.75 and 15.875.
  EXPECT_THAT(Signed(weights->values), ElementsAre(64, -127, 32, 16));
}

TEST(QuantizeWeightsWith, TakesOneScaleOrOneForEachChannel) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 1});
  const uint32_t w = builder.Constant({2, 1}, {1, -3});
  const uint32_t b = builder.Constant({2}, {2, 2});
  const uint32_t y = builder.Op(OpKind::kFullyConnected, {x, w, b}, {1, 2});
  const Graph graph = builder.Build({y});
  const GraphOp& op = graph.ops[0];
  const auto one = QuantizeWeightsWith(graph, op, 0.5, std::vector<double>{0.25});
  ASSERT_TRUE(one.ok()) << one.status().ToString();
  EXPECT_THAT(Signed(one->values), ElementsAre(4, -12));
  EXPECT_THAT(one->bias, ElementsAre(16, 16));
  const auto two = QuantizeWeightsWith(graph, op, 0.5, std::vector<double>{0.25, 0.5});
  ASSERT_TRUE(two.ok()) << two.status().ToString();
  EXPECT_THAT(Signed(two->values), ElementsAre(4, -6));
  EXPECT_THAT(two->bias, ElementsAre(16, 8));
  EXPECT_FALSE(QuantizeWeightsWith(graph, op, 0.5, std::vector<double>{1, 1, 1}).ok());
  EXPECT_FALSE(QuantizeWeightsWith(graph, op, 0.5, std::vector<double>{1e-30}).ok());
}

TEST(QuantizeWeights, RefusesNan) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 1});
  const uint32_t w = builder.Constant({1, 1}, {std::nanf("")});
  const uint32_t y = builder.Op(OpKind::kFullyConnected, {x, w}, {1, 1});
  const Graph graph = builder.Build({y});
  const Status status = QuantizeWeights(graph, graph.ops[0], {1, 1, 8}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("'t1'"));
}

TEST(TakeWeights, KeepsTheFilesIntegers) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 2});
  const uint32_t w = builder.Quantized<int8_t>(
      {2, 2}, ElementType::kInt8, {{0.5, 0.25}, {0, 0}, 0}, {1, -2, 3, 4});
  const uint32_t b = builder.Quantized<int32_t>({2}, ElementType::kInt32, {}, {70000, -5});
  const uint32_t y = builder.Op(OpKind::kFullyConnected, {x, w, b}, {1, 2});
  const Graph graph = builder.Build({y});
  const Result<IntegerWeights> weights = TakeWeights(graph, graph.ops[0], 0.5);
  ASSERT_TRUE(weights.ok()) << weights.status().ToString();
  EXPECT_THAT(Signed(weights->values), ElementsAre(1, -2, 3, 4));
  EXPECT_THAT(weights->scales, ElementsAre(0.5, 0.25));
  EXPECT_THAT(weights->bias, ElementsAre(70000, -5));
}

TEST(TakeWeights, UnsignedWeightsAreRecentred) {
  const auto take = [](int64_t zero_point) {
    GraphBuilder builder;
    const uint32_t x = builder.Input({1, 2});
    const uint32_t w = builder.Quantized<uint8_t>(
        {1, 2}, ElementType::kUint8, {{0.5}, {zero_point}, 0}, {128, 255});
    const uint32_t y = builder.Op(OpKind::kFullyConnected, {x, w}, {1, 1});
    const Graph graph = builder.Build({y});
    return TakeWeights(graph, graph.ops[0], 0.5);
  };
  const Result<IntegerWeights> centred = take(128);
  ASSERT_TRUE(centred.ok()) << centred.status().ToString();
  EXPECT_THAT(Signed(centred->values), ElementsAre(0, 127));
  EXPECT_EQ(take(120).status().code(), StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace plumb::npu
