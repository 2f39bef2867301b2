// Factors and offsets that become part of the convolution before them; all numbers by hand.
#include "common/npu/quantize/fuse_scales.h"

#include <limits>

#include <gmock/gmock.h>

#include "common/npu/float/executor.h"
#include "common/npu/quantize/quantize.h"
#include "tests/support/graph_builder.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::GraphBuilder;
using ::plumb::testing::Window;
using ::testing::ElementsAre;

std::vector<float> Weights(const Graph& graph, size_t op) {
  return ConstantAsFloats(graph.tensors[graph.ops[op].inputs[1]]);
}

std::vector<float> Bias(const Graph& graph, size_t op) {
  return ConstantAsFloats(graph.tensors[graph.ops[op].inputs.at(2)]);
}

std::vector<float> RunFloat(const Graph& graph, const std::vector<float>& input) {
  const auto executor = FloatExecutor::Create(std::make_shared<const Graph>(graph));
  EXPECT_TRUE(executor.ok()) << executor.status().ToString();
  auto outputs = (*executor)->Run(std::vector<std::vector<float>>{input});
  EXPECT_TRUE(outputs.ok()) << outputs.status().ToString();
  return outputs.ok() ? outputs->front() : std::vector<float>();
}

// A picture of one place and two channels through CONV_2D 1×1 without bias: weights (1 2), (3 4).
struct Convolution {
  GraphBuilder builder;
  uint32_t x = builder.Input({1, 1, 1, 2});
  uint32_t w = builder.Constant({2, 1, 1, 2}, {1, 2, 3, 4});
  uint32_t y = builder.Op(OpKind::kConv2d, {x, w}, {1, 1, 1, 2}, Window(1, 1));
};

TEST(FuseScales, BatchNormBecomesWeightsAndBias) {
  Convolution net;
  const uint32_t factor = net.builder.Constant({2}, {10, 0.5F});
  const uint32_t offset = net.builder.Constant({1, 1, 1, 2}, {7, -1});
  const uint32_t scaled = net.builder.Op(OpKind::kMul, {net.y, factor}, {1, 1, 1, 2});
  const uint32_t moved =
      net.builder.Op(OpKind::kAdd, {offset, scaled}, {1, 1, 1, 2}, {}, Activation::kRelu);
  const Graph before = net.builder.Build({moved});
  const Graph fused = FuseScales(before);
  ASSERT_TRUE(ValidateGraph(fused).ok());
  ASSERT_EQ(fused.ops.size(), 1U);
  EXPECT_EQ(fused.ops[0].kind, OpKind::kConv2d);
  EXPECT_EQ(fused.ops[0].output, moved);
  EXPECT_EQ(fused.ops[0].name, before.tensors[moved].name);
  EXPECT_EQ(fused.ops[0].activation, Activation::kRelu);
  EXPECT_THAT(Weights(fused, 0), ElementsAre(10, 20, 1.5F, 2));
  EXPECT_THAT(Bias(fused, 0), ElementsAre(7, -1));
  // 10 · (1 + 4) + 7 and 0.5 · (3 + 8) − 1.
  EXPECT_THAT(RunFloat(before, {1, 2}), ElementsAre(57, 4.5F));
  EXPECT_THAT(RunFloat(fused, {1, 2}), ElementsAre(57, 4.5F));
}

TEST(FuseScales, ABiasIsScaledToo) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 2});
  const uint32_t w = builder.Constant({2, 2}, {1, 2, 3, 4});
  const uint32_t b = builder.Constant({2}, {5, 6});
  const uint32_t y = builder.Op(OpKind::kFullyConnected, {x, w, b}, {1, 2});
  const uint32_t less = builder.Op(OpKind::kSub, {y, builder.Constant({1}, {1})}, {1, 2});
  const uint32_t z = builder.Op(OpKind::kMul, {less, builder.Constant({2}, {2, 10})}, {1, 2});
  const Graph fused = FuseScales(builder.Build({z}));
  ASSERT_EQ(fused.ops.size(), 1U);
  EXPECT_THAT(Weights(fused, 0), ElementsAre(2, 4, 30, 40));
  EXPECT_THAT(Bias(fused, 0), ElementsAre(8, 50));  // (5 − 1) · 2, (6 − 1) · 10
}

TEST(FuseScales, ADepthwiseConvolutionHasItsChannelsLast) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 1, 2, 2});
  const uint32_t w = builder.Constant({1, 1, 2, 2}, {1, 2, 3, 4});
  const uint32_t y = builder.Op(OpKind::kDepthwiseConv2d, {x, w}, {1, 1, 1, 2}, Window(1, 2));
  const uint32_t z = builder.Op(OpKind::kMul, {y, builder.Constant({2}, {10, 100})}, {1, 1, 1, 2});
  const Graph fused = FuseScales(builder.Build({z}));
  ASSERT_EQ(fused.ops.size(), 1U);
  EXPECT_THAT(Weights(fused, 0), ElementsAre(10, 200, 30, 400));
}

TEST(FuseScales, SharedWeightsAreScaledForTheirReaderAlone) {
  Convolution net;
  const uint32_t other =
      net.builder.Op(OpKind::kConv2d, {net.x, net.w}, {1, 1, 1, 2}, Window(1, 1));
  const uint32_t scaled =
      net.builder.Op(OpKind::kMul, {net.y, net.builder.Constant({1}, {2})}, {1, 1, 1, 2});
  const Graph fused = FuseScales(net.builder.Build({scaled, other}));
  ASSERT_EQ(fused.ops.size(), 2U);
  EXPECT_THAT(Weights(fused, 0), ElementsAre(2, 4, 6, 8));
  EXPECT_THAT(Weights(fused, 1), ElementsAre(1, 2, 3, 4));
}

TEST(FuseScales, WhatIsReadTwiceStays) {
  Convolution net;
  const uint32_t scaled =
      net.builder.Op(OpKind::kMul, {net.y, net.builder.Constant({1}, {2})}, {1, 1, 1, 2});
  EXPECT_EQ(FuseScales(net.builder.Build({scaled, net.y})).ops.size(), 2U);
}

TEST(FuseScales, WhatIsNoScaleOfChannelsStays) {
  const auto stays = [](OpKind kind, const Shape& shape, std::vector<float> values, bool first) {
    GraphBuilder builder;
    const uint32_t x = builder.Input({1, 2, 2, 1});
    const uint32_t w = builder.Constant({2, 1, 1, 1}, {1, 2});
    const uint32_t y = builder.Op(OpKind::kConv2d, {x, w}, {1, 2, 2, 2}, Window(1, 1));
    const uint32_t c = builder.Constant(shape, values);
    const uint32_t z = builder.Op(
        kind, first ? std::vector<uint32_t>{c, y} : std::vector<uint32_t>{y, c}, {1, 2, 2, 2});
    return FuseScales(builder.Build({z})).ops.size() == 2;
  };
  EXPECT_FALSE(stays(OpKind::kMul, {2}, {2, 3}, true));
  EXPECT_TRUE(stays(OpKind::kMul, {2, 1}, {2, 3}, false)) << "of columns, not of channels";
  EXPECT_TRUE(stays(OpKind::kSub, {2}, {2, 3}, true)) << "c − y turns the sign";
  EXPECT_TRUE(stays(OpKind::kDiv, {2}, {2, 3}, false));
  EXPECT_TRUE(stays(OpKind::kMul, {2}, {std::numeric_limits<float>::infinity(), 1}, false));
}

TEST(FuseScales, AnActivationBetweenKeepsThemApart) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 1, 1, 2});
  const uint32_t w = builder.Constant({2, 1, 1, 2}, {1, 2, 3, 4});
  const uint32_t y =
      builder.Op(OpKind::kConv2d, {x, w}, {1, 1, 1, 2}, Window(1, 1), Activation::kRelu);
  const uint32_t z = builder.Op(OpKind::kMul, {y, builder.Constant({1}, {-1})}, {1, 1, 1, 2});
  EXPECT_EQ(FuseScales(builder.Build({z})).ops.size(), 2U);
}

TEST(FuseScales, AFixedModelHasTheConvolutionAlone) {
  Convolution net;
  const uint32_t scaled =
      net.builder.Op(OpKind::kMul, {net.y, net.builder.Constant({2}, {10, 100})}, {1, 1, 1, 2});
  const auto graph = std::make_shared<const Graph>(net.builder.Build({scaled}));
  auto calibrator = Calibrator::Create(graph);
  ASSERT_TRUE(calibrator.ok());
  ASSERT_TRUE(calibrator->Add(std::vector<std::vector<float>>{{1, 2}}).ok());
  const auto fixed = QuantizeFromFloat(*graph, calibrator->ranges(), {});
  ASSERT_TRUE(fixed.ok()) << fixed.status().ToString();
  ASSERT_EQ(fixed->ops.size(), 1U);
  EXPECT_EQ(fixed->tensors[fixed->ops[0].output].name, graph->tensors[scaled].name);
}

}  // namespace
}  // namespace plumb::npu
