// Operations that become one or several of the graph's; expected values by hand. ONNX's own node
// tests (tests/conformance/onnx_nodes) hold the rest.
#include <limits>
#include <memory>

#include <gmock/gmock.h>

#include "common/npu/float/executor.h"
#include "common/npu/import/onnx/onnx.h"
#include "tests/common/npu/import/onnx/model.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::FloatAttribute;
using ::plumb::testing::IntAttribute;
using ::plumb::testing::IntsAttribute;
using ::plumb::testing::OnnxMessage;
using ::plumb::testing::OnnxModel;
using ::plumb::testing::TextAttribute;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;

std::vector<std::vector<float>> RunAll(const OnnxModel& model, const std::vector<float>& input) {
  Result<Graph> graph = ImportOnnx(model.File(17), "test");
  EXPECT_TRUE(graph.ok()) << graph.status().ToString();
  if (!graph.ok()) {
    return {{}};
  }
  const auto executor =
      FloatExecutor::Create(std::make_shared<const Graph>(std::move(graph).value()));
  EXPECT_TRUE(executor.ok()) << executor.status().ToString();
  if (!executor.ok()) {
    return {{}};
  }
  const auto outputs = (*executor)->Run(std::vector<std::vector<float>>{input});
  EXPECT_TRUE(outputs.ok()) << outputs.status().ToString();
  return outputs.ok() ? *outputs : std::vector<std::vector<float>>{{}};
}

// One node 'y' of x [dims], of whatever else `model` holds.
std::vector<float> RunNode(OnnxModel model,
                           const std::vector<int64_t>& dims,
                           const std::vector<float>& x,
                           const std::string& op,
                           const std::vector<std::string>& inputs,
                           const std::vector<OnnxMessage>& attributes = {}) {
  model.Input("x", dims).Node(op, inputs, {"y"}, attributes).Output("y");
  return RunAll(model, x)[0];
}

std::string ErrorOf(const OnnxModel& model) {
  return ImportOnnx(model.File(17), "test").status().ToString();
}

TEST(OnnxLines, AWindowOverLinesIsOneOverPicturesOfOneRow) {
  EXPECT_THAT(RunNode(OnnxModel().Floats("w", {1, 1, 2}, {1, 2}),
                      {1, 1, 4},
                      {1, 2, 3, 4},
                      "Conv",
                      {"x", "w"},
                      {IntsAttribute("pads", {1, 0})}),
              ElementsAre(2, 5, 8, 11));
  EXPECT_THAT(RunNode({},
                      {1, 2, 4},
                      {1, 2, 4, 3, 8, 7, 6, 5},
                      "MaxPool",
                      {"x"},
                      {IntsAttribute("kernel_shape", {2}), IntsAttribute("strides", {2})}),
              ElementsAre(2, 4, 8, 6));
}

TEST(OnnxPad, MirrorsRepeatsOrFills) {
  const auto pad = [](const std::string& mode) {
    return RunNode(OnnxModel().Integers("pads", {1, 2}).Floats("with", {}, {9}),
                   {3},
                   {1, 2, 3},
                   "Pad",
                   {"x", "pads", "with"},
                   {TextAttribute("mode", mode)});
  };
  EXPECT_THAT(pad("constant"), ElementsAre(9, 1, 2, 3, 9, 9));
  EXPECT_THAT(pad("edge"), ElementsAre(1, 1, 2, 3, 3, 3));
  EXPECT_THAT(pad("reflect"), ElementsAre(2, 1, 2, 3, 2, 1));
}

TEST(OnnxPlaces, BackwardsRepeatedAndByIndex) {
  EXPECT_THAT(RunNode(OnnxModel()
                          .Integers("starts", {-1})
                          .Integers("ends", {std::numeric_limits<int64_t>::min()})
                          .Integers("axes", {0})
                          .Integers("steps", {-2}),
                      {4},
                      {1, 2, 3, 4},
                      "Slice",
                      {"x", "starts", "ends", "axes", "steps"}),
              ElementsAre(4, 2));
  EXPECT_THAT(RunNode(OnnxModel().Integers("places", {-1, 0}),
                      {2, 3},
                      {1, 2, 3, 4, 5, 6},
                      "Gather",
                      {"x", "places"},
                      {IntAttribute("axis", 1)}),
              ElementsAre(3, 1, 6, 4));
  EXPECT_THAT(
      RunNode(OnnxModel().Integers("times", {1, 2}), {2, 1}, {7, 8}, "Tile", {"x", "times"}),
      ElementsAre(7, 7, 8, 8));
  EXPECT_THAT(RunNode(OnnxModel().Integers("to", {2, 1, 2}), {2, 1}, {7, 8}, "Expand", {"x", "to"}),
              ElementsAre(7, 7, 8, 8, 7, 7, 8, 8));
}

// PyTorch's expand: −1 in the wanted shape keeps the axis, so 1 is written there first.
TEST(OnnxPlaces, AWantedShapeMayBeComputedByComparison) {
  OnnxModel model;
  model.Input("x", {2, 1})
      .Integers("wanted", {-1, 3})
      .Integers("one", {1})
      .Node("Neg", {"one"}, {"open"})
      .Node("Equal", {"wanted", "open"}, {"keeps"})
      .Node("Where", {"keeps", "one", "wanted"}, {"to"})
      .Node("Expand", {"x", "to"}, {"y"})
      .Output("y");
  EXPECT_THAT(RunAll(model, {7, 8})[0], ElementsAre(7, 7, 7, 8, 8, 8));
}

TEST(OnnxMatrices, TwoComputedTensorsMultiply) {
  OnnxModel model;
  model.Input("x", {2, 2})
      .Node("Transpose", {"x"}, {"t"})
      .Node("MatMul", {"x", "t"}, {"y"})
      .Output("y");
  EXPECT_THAT(RunAll(model, {1, 2, 3, 4})[0], ElementsAre(5, 11, 11, 25));
}

TEST(OnnxMatrices, SumsRunAlongAnAxis) {
  const auto sums = [](std::vector<OnnxMessage> attributes) {
    return RunNode(
        OnnxModel().Integers("axis", {0}), {3}, {1, 2, 3}, "CumSum", {"x", "axis"}, attributes);
  };
  EXPECT_THAT(sums({}), ElementsAre(1, 3, 6));
  EXPECT_THAT(sums({IntAttribute("exclusive", 1), IntAttribute("reverse", 1)}),
              ElementsAre(5, 3, 0));
}

// Mean 2, variance 1: −1 · 2 + 10 and 1 · 3 + 20. The mean is an output of its own.
TEST(OnnxNormalization, LayerNormalizationNamesItsMean) {
  OnnxModel model;
  model.Input("x", {1, 2})
      .Floats("scale", {2}, {2, 3})
      .Floats("bias", {2}, {10, 20})
      .Node(
          "LayerNormalization", {"x", "scale", "bias"}, {"y", "m"}, {FloatAttribute("epsilon", 0)})
      .Output("y")
      .Output("m");
  const auto outputs = RunAll(model, {1, 3});
  ASSERT_EQ(outputs.size(), 2U);
  EXPECT_THAT(outputs[0], ElementsAre(8, 23));
  EXPECT_THAT(outputs[1], ElementsAre(2));
}

// Sums of squares of the neighbours: 1 + 4, 1 + 4 + 9, 4 + 9.
TEST(OnnxNormalization, LrnSumsOverNeighbouringChannels) {
  EXPECT_THAT(RunNode({},
                      {1, 3, 1, 1},
                      {1, 2, 3},
                      "LRN",
                      {"x"},
                      {IntAttribute("size", 3),
                       FloatAttribute("alpha", 3),
                       FloatAttribute("beta", 1),
                       FloatAttribute("bias", 1)}),
              ElementsAre(FloatEq(1.0F / 6), FloatEq(2.0F / 15), FloatEq(3.0F / 14)));
}

// Scaled by 0.6, three places become one, at (0 + 0.5) / 0.6 − 0.5 = 1 / 3 between the first two.
TEST(OnnxResize, OddScalesAreProductsWithMatrices) {
  EXPECT_THAT(RunNode(OnnxModel().Floats("scales", {4}, {1, 1, 1, 0.6F}),
                      {1, 1, 1, 3},
                      {3, 6, 12},
                      "Resize",
                      {"x", "", "scales"},
                      {TextAttribute("mode", "linear")}),
              ElementsAre(FloatEq(4)));
}

TEST(OnnxIntegers, AreExactOrRefused) {
  const auto of_place = [](const std::string& op, int64_t number) {
    return OnnxModel()
        .Input("x", {3})
        .Integers("n", {number})
        .Node("ArgMax", {"x"}, {"place"})
        .Node(op, {"place", "n"}, {"y"})
        .Output("y");
  };
  EXPECT_THAT(RunAll(of_place("Max", 1), {5, 6, 9})[0], ElementsAre(2));
  EXPECT_THAT(RunAll(of_place("Less", 3), {5, 6, 9})[0], ElementsAre(1));
  EXPECT_THAT(ErrorOf(of_place("Add", 1)), AllOf(HasSubstr("'place'"), HasSubstr("int64")));
  EXPECT_THAT(ErrorOf(of_place("Max", (1 << 24) + 1)), HasSubstr("16777217"));
}

}  // namespace
}  // namespace plumb::npu
