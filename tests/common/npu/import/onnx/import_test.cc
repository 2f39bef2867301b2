// Small ONNX networks whose results were worked out by hand, from import to float run.
#include <gmock/gmock.h>

#include "common/npu/float/executor.h"
#include "common/npu/import/onnx/onnx.h"
#include "tests/common/npu/import/onnx/model.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::FloatAttribute;
using ::plumb::testing::FloatTensor;
using ::plumb::testing::IntAttribute;
using ::plumb::testing::IntsAttribute;
using ::plumb::testing::OnnxMessage;
using ::plumb::testing::OnnxModel;
using ::plumb::testing::TextAttribute;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

Graph ImportOrFail(const Buffer& file, const InputShapes& shapes = {}) {
  Result<Graph> graph = ImportOnnx(file, "test", shapes);
  EXPECT_TRUE(graph.ok()) << graph.status().ToString();
  return graph.ok() ? std::move(*graph) : Graph();
}

// The first output for one input in the graph's layout (NHWC).
std::vector<float> RunGraph(const Graph& graph, const std::vector<float>& input) {
  const auto executor = FloatExecutor::Create(std::make_shared<const Graph>(graph));
  EXPECT_TRUE(executor.ok()) << executor.status().ToString();
  if (!executor.ok()) {
    return {};
  }
  const std::vector<std::vector<float>> inputs = {input};
  auto outputs = (*executor)->Run(inputs);
  EXPECT_TRUE(outputs.ok()) << outputs.status().ToString();
  return outputs.ok() ? outputs->front() : std::vector<float>();
}

// One node 'y' of the input 'x' and whatever else `model` holds.
Graph OneNode(OnnxModel model,
              const std::string& op,
              const std::vector<std::string>& inputs,
              const std::vector<OnnxMessage>& attributes,
              int64_t opset = 13) {
  model.Node(op, inputs, {"y"}, attributes).Output("y");
  return ImportOrFail(model.File(opset));
}

TEST(ImportOnnx, ConvolutionTurnsWeightsAndPicture) {
  // Two channels of 2×2; the kernel 1×2 takes x[0] from the left and 10·x[1] from the right.
  const Graph graph = OneNode(OnnxModel()
                                  .Input("x", {1, 2, 2, 2})
                                  .Floats("w", {1, 2, 1, 2}, {1, 0, 0, 10})
                                  .Floats("b", {1}, {0.5F}),
                              "Conv",
                              {"x", "w", "b"},
                              {});
  ASSERT_EQ(graph.ops.size(), 1U);
  EXPECT_EQ(graph.ops[0].kind, OpKind::kConv2d);
  EXPECT_EQ(graph.ops[0].name, "y");
  EXPECT_EQ(graph.tensors[graph.inputs[0]].name, "x");
  EXPECT_EQ(graph.tensors[graph.outputs[0]].shape, (Shape{1, 2, 1, 1}));
  // Rows of (channel 0, channel 1): (1,5) (2,6) / (3,7) (4,8): 1 + 60, 3 + 80.
  EXPECT_THAT(RunGraph(graph, {1, 5, 2, 6, 3, 7, 4, 8}), ElementsAre(61.5F, 83.5F));
}

TEST(ImportOnnx, OneChannelToAGroupIsDepthwise) {
  const Graph graph =
      OneNode(OnnxModel().Input("x", {1, 2, 1, 2}).Floats("w", {2, 1, 1, 2}, {1, 2, 10, 20}),
              "Conv",
              {"x", "w"},
              {IntAttribute("group", 2), IntsAttribute("pads", {0, 1, 0, 0})});
  ASSERT_EQ(graph.ops.size(), 1U);
  EXPECT_EQ(graph.ops[0].kind, OpKind::kDepthwiseConv2d);
  // Channel 0 is 3, 4 and channel 1 is 5, 6, with a zero to the left.
  EXPECT_THAT(RunGraph(graph, {3, 5, 4, 6}), ElementsAre(6, 100, 11, 170));
}

TEST(ImportOnnx, GroupsAndSameLowerPadding) {
  const Graph graph = OneNode(
      OnnxModel().Input("x", {1, 4, 1, 2}).Floats("w", {2, 2, 1, 2}, {1, 2, 3, 4, 5, 6, 7, 8}),
      "Conv",
      {"x", "w"},
      {IntAttribute("group", 2), TextAttribute("auto_pad", "SAME_LOWER")});
  EXPECT_EQ(graph.ops[0].kind, OpKind::kConv2d);
  // A zero to the left. Out 0 of (1,2): 2·1 + 4·2; then 1·1 + 2·10 + 3·2 + 4·20.
  // Out 1 of (3,4): 6·3 + 8·4; then 5·3 + 6·30 + 7·4 + 8·40.
  EXPECT_THAT(RunGraph(graph, {1, 2, 3, 4, 10, 20, 30, 40}), ElementsAre(10, 50, 107, 543));
}

TEST(ImportOnnx, TransposedConvolutionSpreads) {
  // One input channel to two groups is not possible: two in, two groups, one out of each.
  const Graph graph =
      OneNode(OnnxModel().Input("x", {1, 2, 1, 2}).Floats("w", {2, 1, 1, 2}, {1, 2, 10, 20}),
              "ConvTranspose",
              {"x", "w"},
              {IntAttribute("group", 2), IntsAttribute("strides", {1, 2})});
  // Channel 0: 3·(1,2), 4·(1,2); channel 1: 5·(10,20), 6·(10,20).
  EXPECT_THAT(RunGraph(graph, {3, 5, 4, 6}), ElementsAre(3, 50, 6, 100, 4, 60, 8, 120));
}

TEST(ImportOnnx, PaddingsCountInAnAverageIfTheNodeSaysSo) {
  const auto model = OnnxModel().Input("x", {1, 1, 1, 2});
  const std::vector<OnnxMessage> attributes = {IntsAttribute("kernel_shape", {1, 2}),
                                               IntsAttribute("pads", {0, 1, 0, 0})};
  std::vector<OnnxMessage> counting = attributes;
  counting.push_back(IntAttribute("count_include_pad", 1));
  EXPECT_THAT(RunGraph(OneNode(model, "AveragePool", {"x"}, attributes), {4, 6}),
              ElementsAre(4, 5));
  EXPECT_THAT(RunGraph(OneNode(model, "AveragePool", {"x"}, counting), {4, 6}), ElementsAre(2, 5));
}

TEST(ImportOnnx, CeilModeTakesTheIncompleteWindow) {
  const Graph graph = OneNode(OnnxModel().Input("x", {1, 1, 1, 3}),
                              "MaxPool",
                              {"x"},
                              {IntsAttribute("kernel_shape", {1, 2}),
                               IntsAttribute("strides", {1, 2}),
                               IntAttribute("ceil_mode", 1)});
  EXPECT_THAT(RunGraph(graph, {3, 9, 4}), ElementsAre(9, 4));
}

TEST(ImportOnnx, NormalizationBecomesFactorAndOffset) {
  const Graph graph = OneNode(OnnxModel()
                                  .Input("x", {1, 2, 1, 1})
                                  .Floats("scale", {2}, {2, 3})
                                  .Floats("bias", {2}, {1, -1})
                                  .Floats("mean", {2}, {4, 0})
                                  .Floats("variance", {2}, {3, 8}),
                              "BatchNormalization",
                              {"x", "scale", "bias", "mean", "variance"},
                              {FloatAttribute("epsilon", 1)});
  // 2·(6 − 4)/√4 + 1 and 3·(5 − 0)/√9 − 1.
  EXPECT_THAT(RunGraph(graph, {6, 5}), ElementsAre(3, 4));
}

TEST(ImportOnnx, ClipsFromAttributesAndOperands) {
  const std::vector<float> x = {-5, 0, 2, 9};
  const auto model = OnnxModel().Input("x", {4}).Floats("low", {}, {-2}).Floats("high", {}, {4});
  const Graph relu6 =
      OneNode(model, "Clip", {"x"}, {FloatAttribute("min", 0), FloatAttribute("max", 6)}, 9);
  EXPECT_EQ(relu6.ops[0].kind, OpKind::kRelu6);
  EXPECT_THAT(RunGraph(relu6, x), ElementsAre(0, 0, 2, 6));
  EXPECT_THAT(RunGraph(OneNode(model, "Clip", {"x", "low", "high"}, {}), x),
              Pointwise(FloatNear(1e-6F), std::vector<float>{-2, 0, 2, 4}));
  EXPECT_THAT(RunGraph(OneNode(model, "Clip", {"x", "low"}, {}), x), ElementsAre(-2, 0, 2, 9));
  EXPECT_THAT(RunGraph(OneNode(model, "Clip", {"x", "", "high"}, {}), x), ElementsAre(-5, 0, 2, 4));
}

TEST(ImportOnnx, ComposedActivations) {
  const auto model = OnnxModel().Input("x", {3});
  // 0.25·x + 0.5 within [0, 1].
  EXPECT_THAT(RunGraph(OneNode(model,
                               "HardSigmoid",
                               {"x"},
                               {FloatAttribute("alpha", 0.25F), FloatAttribute("beta", 0.5F)}),
                       {-4, 1, 4}),
              Pointwise(FloatEq(), std::vector<float>{0, 0.75F, 1}));
  // 2·(e^−1 − 1).
  EXPECT_THAT(RunGraph(OneNode(model, "Elu", {"x"}, {FloatAttribute("alpha", 2)}), {-1, 0, 3}),
              Pointwise(FloatNear(1e-6F), std::vector<float>{-1.2642411F, 0, 3}));
}

TEST(ImportOnnx, ConstantsBroadcastAsTheFileOrdersAxes) {
  // [2, 1, 1] is one number a channel; [2] is one a column.
  const auto model = OnnxModel()
                         .Input("x", {1, 2, 1, 2})
                         .Floats("channel", {2, 1, 1}, {10, 20})
                         .Floats("column", {2}, {10, 20});
  EXPECT_THAT(RunGraph(OneNode(model, "Add", {"x", "channel"}, {}), {1, 2, 3, 4}),
              ElementsAre(11, 22, 13, 24));
  EXPECT_THAT(RunGraph(OneNode(model, "Add", {"column", "x"}, {}), {1, 2, 3, 4}),
              ElementsAre(11, 12, 23, 24));
  EXPECT_THAT(RunGraph(OneNode(model, "Div", {"x", "column"}, {}), {10, 20, 40, 80}),
              Pointwise(FloatEq(), std::vector<float>{1, 2, 2, 4}));
}

TEST(ImportOnnx, ReshapeSeesTheFilesOrder) {
  const Graph graph = OneNode(OnnxModel().Input("x", {1, 2, 1, 2}), "Flatten", {"x"}, {});
  ASSERT_EQ(graph.ops.size(), 2U);
  EXPECT_EQ(graph.ops[0].kind, OpKind::kTranspose);
  EXPECT_EQ(graph.ops[0].name, "x:nchw");
  // NHWC (1,2) (3,4): channel 0 is 1, 3.
  EXPECT_THAT(RunGraph(graph, {1, 2, 3, 4}), ElementsAre(1, 3, 2, 4));
}

TEST(ImportOnnx, AnInputTurnedFromNhwcStaysAsItIs) {
  const Graph graph =
      ImportOrFail(OnnxModel()
                       .Input("x", {1, 1, 2, 3})
                       .Node("Transpose", {"x"}, {"t"}, {IntsAttribute("perm", {0, 3, 1, 2})})
                       .Node("Relu", {"t"}, {"r"})
                       .Node("Transpose", {"r"}, {"y"}, {IntsAttribute("perm", {0, 2, 3, 1})})
                       .Output("y")
                       .File());
  EXPECT_EQ(graph.tensors[graph.inputs[0]].shape, (Shape{1, 1, 2, 3}));
  for (const GraphOp& op : graph.ops) {
    EXPECT_NE(op.kind, OpKind::kTranspose) << op.name;
  }
  EXPECT_THAT(RunGraph(graph, {1, -2, 3, 4, 5, -6}), ElementsAre(1, 0, 3, 4, 5, 0));
}

TEST(ImportOnnx, OtherPermutationsOfAPicture) {
  // Channels (1,2,3) and (4,5,6) in one row of three, turned back to front.
  const Graph turned = OneNode(OnnxModel().Input("x", {1, 2, 1, 3}).Node("Relu", {"x"}, {"r"}),
                               "Transpose",
                               {"r"},
                               {IntsAttribute("perm", {3, 2, 1, 0})});
  EXPECT_EQ(turned.tensors[turned.outputs[0]].shape, (Shape{3, 1, 2, 1}));
  EXPECT_THAT(RunGraph(turned, {1, 4, 2, 5, 3, 6}), ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(ImportOnnx, MatricesAndGemm) {
  const auto model = OnnxModel()
                         .Input("x", {1, 2})
                         .Floats("w", {2, 3}, {1, 2, 3, 4, 5, 6})
                         .Floats("wt", {3, 2}, {1, 4, 2, 5, 3, 6})
                         .Floats("b", {3}, {100, 200, 300});
  EXPECT_THAT(RunGraph(OneNode(model, "MatMul", {"x", "w"}, {}), {1, 10}), ElementsAre(41, 52, 63));
  EXPECT_THAT(RunGraph(OneNode(model,
                               "Gemm",
                               {"x", "wt", "b"},
                               {IntAttribute("transB", 1),
                                FloatAttribute("alpha", 2),
                                FloatAttribute("beta", 0.5F)}),
                       {1, 10}),
              ElementsAre(132, 204, 276));
}

TEST(ImportOnnx, ConcatAndZerosThatPad) {
  const auto model = OnnxModel()
                         .Input("x", {1, 1, 1, 2})
                         .Floats("ones", {1, 1, 1, 2}, {7, 8})
                         .Floats("zeros", {1, 2, 1, 2}, {0, 0, 0, 0});
  EXPECT_THAT(RunGraph(OneNode(model, "Concat", {"x", "ones"}, {IntAttribute("axis", 1)}), {1, 2}),
              ElementsAre(1, 7, 2, 8));
  const Graph padded = OneNode(model, "Concat", {"x", "zeros"}, {IntAttribute("axis", 1)});
  EXPECT_EQ(padded.ops[0].kind, OpKind::kPad);
  EXPECT_THAT(RunGraph(padded, {1, 2}), ElementsAre(1, 0, 0, 2, 0, 0));
}

TEST(ImportOnnx, SlicesSplitsAndReductionsMapAxes) {
  const std::vector<float> x = {1, 4, 2, 5, 3, 6};  // channels (1,2,3) and (4,5,6)
  const auto model = OnnxModel()
                         .Input("x", {1, 2, 1, 3})
                         .Integers("start", {-1})
                         .Integers("end", {1000})
                         .Integers("axis", {3});
  EXPECT_THAT(RunGraph(OneNode(model, "Slice", {"x", "start", "end", "axis"}, {}), x),
              ElementsAre(3, 6));
  EXPECT_THAT(
      RunGraph(OneNode(model, "ReduceSum", {"x", "axis"}, {IntAttribute("keepdims", 0)}), x),
      ElementsAre(6, 15));
  EXPECT_THAT(RunGraph(OneNode(model, "ReduceMean", {"x"}, {IntsAttribute("axes", {1})}), x),
              ElementsAre(2.5F, 3.5F, 4.5F));
  OnnxModel split = model;
  split.Node("Split", {"x"}, {"a", "y"}, {IntAttribute("axis", 3), IntsAttribute("split", {2, 1})});
  EXPECT_THAT(RunGraph(ImportOrFail(split.Output("y").File(11)), x), ElementsAre(3, 6));
}

TEST(ImportOnnx, SoftmaxBeforeOperatorSet13TakesAllFromItsAxisOn) {
  const auto model = OnnxModel().Input("x", {1, 2, 2});
  // Four equal numbers are one row of quarters, or two rows of halves along the last axis.
  const auto old_rows = RunGraph(OneNode(model, "Softmax", {"x"}, {}, 9), {3, 3, 3, 3});
  EXPECT_THAT(old_rows, ElementsAre(0.25F, 0.25F, 0.25F, 0.25F));
  EXPECT_THAT(RunGraph(OneNode(model, "Softmax", {"x"}, {}), {3, 3, 3, 3}),
              ElementsAre(0.5F, 0.5F, 0.5F, 0.5F));
}

TEST(ImportOnnx, NearestAndLinearResizes) {
  const auto model = OnnxModel().Input("x", {1, 1, 1, 2}).Floats("scales", {4}, {1, 1, 1, 2});
  const std::vector<std::string> inputs = {"x", "", "scales"};
  EXPECT_THAT(RunGraph(OneNode(model, "Resize", inputs, {}), {1, 5}), ElementsAre(1, 1, 5, 5));
  // Half-pixel places −0.25, 0.25, 0.75, 1.25.
  EXPECT_THAT(RunGraph(OneNode(model, "Resize", inputs, {TextAttribute("mode", "linear")}), {1, 5}),
              ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(RunGraph(OneNode(model,
                               "Resize",
                               inputs,
                               {TextAttribute("mode", "linear"),
                                TextAttribute("coordinate_transformation_mode", "asymmetric")}),
                       {1, 5}),
              ElementsAre(1, 3, 5, 5));
}

TEST(ImportOnnx, DepthToSpaceInBothOrders) {
  // Four channels at one place to 2×2.
  const auto model = OnnxModel().Input("x", {1, 8, 1, 1});
  const std::vector<float> x = {0, 1, 2, 3, 4, 5, 6, 7};
  EXPECT_THAT(RunGraph(OneNode(model, "DepthToSpace", {"x"}, {IntAttribute("blocksize", 2)}), x),
              ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(RunGraph(OneNode(model,
                               "DepthToSpace",
                               {"x"},
                               {IntAttribute("blocksize", 2), TextAttribute("mode", "CRD")}),
                       x),
              ElementsAre(0, 4, 1, 5, 2, 6, 3, 7));
}

TEST(ImportOnnx, ShapeArithmeticIsEvaluated) {
  // reshape(x, concat(shape(x)[0:1], [-1])) as exporters write it.
  const Graph graph =
      ImportOrFail(OnnxModel()
                       .Input("x", {-1, 2, 1, 1})
                       .Integers("zero", {0})
                       .Integers("rest", {-1})
                       .Node("Shape", {"x"}, {"shape"})
                       .Node("Gather", {"shape", "zero"}, {"batch"})
                       .Node("Concat", {"batch", "rest"}, {"target"}, {IntAttribute("axis", 0)})
                       .Node("Reshape", {"x", "target"}, {"y"})
                       .Output("y")
                       .File());
  EXPECT_EQ(graph.ops.size(), 1U) << "shape arithmetic is in the graph";
  EXPECT_EQ(graph.tensors[graph.outputs[0]].shape, (Shape{1, 2}));
}

TEST(ImportOnnx, OpenDimensionsAreFixedByName) {
  const Buffer file =
      OnnxModel().Input("x", {-1, 3, -1, -1}).Node("Relu", {"x"}, {"y"}).Output("y").File();
  const Status open = ImportOnnx(file, "test").status();
  EXPECT_EQ(open.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(open.message(), HasSubstr("x=?x3x?x?"));
  EXPECT_THAT(open.hint(), HasSubstr("--input-shape"));
  const Graph graph = ImportOrFail(file, {{"x", {1, 3, 4, 5}}});
  EXPECT_EQ(graph.tensors[graph.inputs[0]].shape, (Shape{1, 4, 5, 3}));
  EXPECT_THAT(ImportOnnx(file, "test", {{"x", {1, 4, 4, 5}}}).status().message(),
              HasSubstr("contradicts"));
  EXPECT_THAT(ImportOnnx(file, "test", {{"z", {1}}}).status().hint(), HasSubstr("x"));
}

TEST(ImportOnnx, UnsupportedOperationsAreNamed) {
  const Status status =
      ImportOnnx(
          OnnxModel().Input("x", {1, 3, 4, 4}).Node("Einsum", {"x"}, {"y"}).Output("y").File(),
          "test")
          .status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(status.message(), HasSubstr("Einsum 'node_y' that makes 'y'"));
  EXPECT_THAT(status.hint(), HasSubstr("Conv, ConvInteger, ConvTranspose"));
}

TEST(ImportOnnx, DropoutInTrainingIsRefused) {
  const auto import = [](int64_t training) {
    return ImportOnnx(OnnxModel()
                          .Input("x", {1})
                          .Integers("training", {training})
                          .Node("Dropout", {"x", "", "training"}, {"y"})
                          .Output("y")
                          .File(),
                      "test")
        .status();
  };
  EXPECT_TRUE(import(0).ok());
  EXPECT_THAT(import(1).message(), HasSubstr("training"));
}

TEST(ImportOnnx, DataOutsideTheFileIsRefused) {
  OnnxMessage tensor;
  tensor.Number(1, 1).Number(2, 1).Bytes(8, "w").Message(
      13, OnnxMessage().Bytes(1, "location").Bytes(2, "/etc/passwd"));
  tensor.Number(14, 1);
  const Status status = ImportOnnx(OnnxModel()
                                       .Input("x", {1})
                                       .Initializer(tensor)
                                       .Node("Add", {"x", "w"}, {"y"})
                                       .Output("y")
                                       .File(),
                                   "test")
                            .status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(status.message(), HasSubstr("'w' keeps its data in another file"));
}

}  // namespace
}  // namespace plumb::npu
