#include "common/npu/float/executor.h"

#include <gmock/gmock.h>

#include "tests/common/npu/float/run_graph.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::GraphBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// x → RELU → a; a + x → b; |b| → c. Outputs: a (read again by ADD) and c.
Graph ThreeLayers() {
  GraphBuilder builder;
  const uint32_t x = builder.Input({2});
  const uint32_t a = builder.Op(OpKind::kRelu, {x}, {2});
  const uint32_t b = builder.Op(OpKind::kAdd, {a, x}, {2});
  const uint32_t c = builder.Op(OpKind::kAbs, {b}, {2});
  return builder.Build({a, c});
}

std::unique_ptr<FloatExecutor> MakeExecutor(const Graph& graph) {
  auto executor = FloatExecutor::Create(std::make_shared<const Graph>(graph));
  EXPECT_TRUE(executor.ok()) << executor.status().ToString();
  return executor.ok() ? std::move(*executor) : nullptr;
}

TEST(FloatExecutor, KeepsOutputsThatLaterLayersRead) {
  const auto executor = MakeExecutor(ThreeLayers());
  for (int repeat = 0; repeat < 2; ++repeat) {
    const auto outputs = executor->Run(std::vector<std::vector<float>>{{-3, 4}});
    ASSERT_TRUE(outputs.ok()) << outputs.status().ToString();
    ASSERT_EQ(outputs->size(), 2U);
    EXPECT_THAT((*outputs)[0], ElementsAre(0, 4));
    EXPECT_THAT((*outputs)[1], ElementsAre(3, 8));
  }
}

TEST(FloatExecutor, ShowsEveryLayerInOrder) {
  const auto executor = MakeExecutor(ThreeLayers());
  std::vector<std::string> seen;
  const auto sink =
      [&seen](const GraphOp& op, const GraphTensor& tensor, std::span<const float> values) {
        seen.push_back(std::string(OpKindName(op.kind)) + " " + tensor.name + " " +
                       std::to_string(static_cast<int>(values[0])));
        return OkStatus();
      };
  ASSERT_TRUE(executor->Run(std::vector<std::vector<float>>{{-3, 4}}, sink).ok());
  EXPECT_THAT(seen, ElementsAre("RELU t1 0", "ADD t2 -3", "ABS t3 3"));
}

TEST(FloatExecutor, AnErrorOfTheSinkEndsTheRun) {
  const auto executor = MakeExecutor(ThreeLayers());
  int layers = 0;
  const auto sink = [&layers](const GraphOp&, const GraphTensor&, std::span<const float>) {
    return ++layers == 2 ? DataLossError("disk full") : OkStatus();
  };
  const auto outputs = executor->Run(std::vector<std::vector<float>>{{-3, 4}}, sink);
  EXPECT_EQ(outputs.status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(layers, 2);
}

TEST(FloatExecutor, RefusesInputsOfAnotherNumberOrSize) {
  const auto executor = MakeExecutor(ThreeLayers());
  const auto none = executor->Run(std::vector<std::vector<float>>{});
  EXPECT_EQ(none.status().code(), StatusCode::kInvalidArgument);
  const auto large = executor->Run(std::vector<std::vector<float>>{{1, 2, 3}});
  EXPECT_EQ(large.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(large.status().message(), HasSubstr("t0"));
}

TEST(FloatExecutor, RefusesGraphsThatAreNotValid) {
  Graph graph = ThreeLayers();
  graph.ops[1].inputs[0] = 3;
  const auto executor = FloatExecutor::Create(std::make_shared<const Graph>(graph));
  EXPECT_EQ(executor.status().code(), StatusCode::kInvalidArgument);
}

TEST(FloatExecutor, RefusesNetworksBeyondItsMemory) {
  GraphBuilder builder;
  const Shape large = {int64_t{1} << 28};
  uint32_t last = builder.Input(large);
  std::vector<uint32_t> kept;
  for (int i = 0; i < 5; ++i) {
    last = builder.Op(OpKind::kRelu, {last}, large);
    kept.push_back(last);
  }
  const auto executor = FloatExecutor::Create(std::make_shared<const Graph>(builder.Build(kept)));
  EXPECT_EQ(executor.status().code(), StatusCode::kResourceExhausted);
}

// int8 weights of scale 0.5 and int8 activations are computed in real numbers.
TEST(FloatExecutor, ComputesQuantisedGraphsInFloat) {
  GraphBuilder builder;
  const GraphQuantization scheme{{0.25}, {-1}, 0};
  const uint32_t x = builder.Input({1, 2});
  builder.At(x).element_type = ElementType::kInt8;
  builder.At(x).quantization = scheme;
  const uint32_t w =
      builder.Quantized<int8_t>({2, 2}, ElementType::kInt8, {{0.5, 2}, {0, 0}, 0}, {2, 4, 6, 8});
  const uint32_t y = builder.Op(OpKind::kFullyConnected, {x, w}, {1, 2});
  builder.At(y).element_type = ElementType::kInt8;
  builder.At(y).quantization = scheme;
  EXPECT_THAT(::plumb::testing::RunGraph(builder.Build({y}), {{1, 10}}),
              ElementsAre(1 * 1 + 10 * 2, 1 * 12 + 10 * 16));
}

}  // namespace
}  // namespace plumb::npu
