// Small Caffe networks whose results were worked out by hand, from import to float run.
#include "common/npu/import/import.h"

#include <cmath>

#include <gmock/gmock.h>

#include "common/npu/import/caffe/caffe.h"
#include "common/npu/import/caffe/outline.h"
#include "tests/common/npu/import/caffe/run.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::CaffeWeights;
using ::plumb::testing::ImportOrFail;
using ::plumb::testing::ImportStatus;
using ::plumb::testing::LayerText;
using ::plumb::testing::NetText;
using ::plumb::testing::RunLayers;
using ::plumb::testing::RunOne;
using ::plumb::testing::TextFile;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

std::vector<std::string> OutputNames(const Graph& graph) {
  std::vector<std::string> names;
  for (const uint32_t output : graph.outputs) {
    names.push_back(graph.tensors[output].name);
  }
  return names;
}

TEST(ImportCaffe, ConvolutionTurnsWeightsAndPicture) {
  // Two channels of 2×2; the kernel 1×2 takes x[0] from the left and 10·x[1] from the right.
  const Graph graph = ImportOrFail(
      NetText(
          {1, 2, 2, 2},
          LayerText("Convolution", "convolution_param { num_output: 1 kernel_h: 1 kernel_w: 2 }")),
      CaffeWeights().Layer("y", {{{1, 2, 1, 2}, {1, 0, 0, 10}}, {{1}, {0.5F}}}));
  ASSERT_EQ(graph.ops.size(), 1U);
  EXPECT_EQ(graph.ops[0].kind, OpKind::kConv2d);
  EXPECT_EQ(graph.tensors[graph.inputs[0]].name, "x");
  EXPECT_EQ(graph.tensors[graph.outputs[0]].shape, (Shape{1, 2, 1, 1}));
  // Rows of (channel 0, channel 1): (1,5) (2,6) / (3,7) (4,8): 1 + 60, 3 + 80.
  EXPECT_THAT(RunLayers(graph, {{1, 5, 2, 6, 3, 7, 4, 8}})["y"], ElementsAre(61.5F, 83.5F));
}

TEST(ImportCaffe, ConvolutionWithPaddingStrideAndDilation) {
  // 1×5 picture 1…5, kernel 1×2 of (1, 10), one zero on both sides, dilation 2, stride 2:
  // windows begin at −1, 1, 3: (0, 2), (2, 4), (4, 0).
  EXPECT_THAT(RunOne({1, 1, 1, 5},
                     {1, 2, 3, 4, 5},
                     LayerText("Convolution",
                               "convolution_param { num_output: 1 kernel_h: 1 kernel_w: 2 pad_h: 0 "
                               "pad_w: 1 stride: 2 dilation: 1 dilation: 2 bias_term: false }"),
                     {{{1, 1, 1, 2}, {1, 10}}}),
              ElementsAre(20, 42, 4));
}

TEST(ImportCaffe, AWindowThatLiesInThePaddingAlone) {
  // SqueezeNet pads its 1×1 window: a border of what zero gives, the bias.
  EXPECT_THAT(
      RunOne({1, 1, 1, 1},
             {3},
             LayerText("Convolution", "convolution_param { num_output: 1 kernel_size: 1 pad: 1 }"),
             {{{1, 1, 1, 1}, {2}}, {{1}, {1}}}),
      ElementsAre(1, 1, 1, 1, 7, 1, 1, 1, 1));
}

TEST(ImportCaffe, GroupsOfChannels) {
  // Four channels in two groups; output 0 sees channels 0 and 1, output 1 sees 2 and 3.
  const std::string text =
      LayerText("Convolution",
                "convolution_param { num_output: 2 kernel_size: 1 group: 2 bias_term: false }");
  EXPECT_THAT(RunOne({1, 4, 1, 1}, {1, 2, 3, 4}, text, {{{2, 2, 1, 1}, {1, 10, 100, 1000}}}),
              ElementsAre(21, 4300));
}

TEST(ImportCaffe, OneChannelToAGroupIsDepthwise) {
  for (const std::string type : {"Convolution", "DepthwiseConvolution", "ConvolutionDepthwise"}) {
    SCOPED_TRACE(type);
    const std::string group = type == "Convolution" ? " group: 2" : "";
    const Graph graph = ImportOrFail(
        NetText(
            {1, 2, 1, 2},
            LayerText(type,
                      "convolution_param { num_output: 2 kernel_h: 1 kernel_w: 2" + group + " }")),
        CaffeWeights().Layer("y", {{{2, 1, 1, 2}, {1, 2, 10, 20}}, {{2}, {0, 1}}}));
    ASSERT_EQ(graph.ops.size(), 1U);
    EXPECT_EQ(graph.ops[0].kind, OpKind::kDepthwiseConv2d);
    // Channel 0 is 3, 4 and channel 1 is 5, 6: 3 + 8, 50 + 120 + 1.
    EXPECT_THAT(RunLayers(graph, {{3, 5, 4, 6}})["y"], ElementsAre(11, 171));
  }
}

TEST(ImportCaffe, DeconvolutionSpreadsEachPlace) {
  // 1×2 picture (1, 2), kernel 1×2 of (1, 10), stride 2: 1 10 2 20.
  EXPECT_THAT(RunOne({1, 1, 1, 2},
                     {1, 2},
                     LayerText("Deconvolution",
                               "convolution_param { num_output: 1 kernel_h: 1 kernel_w: 2 "
                               "stride_h: 1 stride_w: 2 bias_term: false }"),
                     {{{1, 1, 1, 2}, {1, 10}}}),
              ElementsAre(1, 10, 2, 20));
}

TEST(ImportCaffe, DeconvolutionByGroupsAndWithPadding) {
  // Kernel 1×3, padding 1 on both sides: the middle of 3 places. Each channel by itself.
  EXPECT_THAT(RunOne({1, 2, 1, 1},
                     {1, 2},
                     LayerText("Deconvolution",
                               "convolution_param { num_output: 2 kernel_h: 1 kernel_w: 3 pad_h: 0 "
                               "pad_w: 1 group: 2 }"),
                     {{{2, 1, 1, 3}, {1, 10, 100, 2, 20, 200}}, {{2}, {0.5F, 0.25F}}}),
              ElementsAre(10.5F, 40.25F));
}

TEST(ImportCaffe, InnerProductReadsPicturesInCaffesOrder) {
  // Channel 0 is 1 2, channel 1 is 3 4; Caffe's order is 1 2 3 4.
  const std::string text = LayerText("InnerProduct", "inner_product_param { num_output: 2 }");
  EXPECT_THAT(RunOne({1, 2, 1, 2},
                     {1, 3, 2, 4},
                     text,
                     {{{2, 4}, {1, 10, 100, 1000, 0, 0, 0, 1}}, {{2}, {0, 0.5F}}}),
              ElementsAre(4321, 4.5F));
}

TEST(ImportCaffe, InnerProductTransposedAndFromALaterAxis) {
  // [1, 2, 2] from axis 2: both rows (1, 2), (3, 4) times [in][out] = (1 10 / 100 1000).
  EXPECT_THAT(RunOne({1, 2, 2},
                     {1, 2, 3, 4},
                     LayerText("InnerProduct",
                               "inner_product_param { num_output: 2 axis: 2 transpose: true "
                               "bias_term: false }"),
                     {{{2, 2}, {1, 10, 100, 1000}}}),
              ElementsAre(201, 2010, 403, 4030));
}

TEST(ImportCaffe, PoolingRoundsItsSizeUp) {
  // Windows of 2 in steps of 2 over 5 places: three, of which the last is half outside.
  EXPECT_THAT(RunOne({1, 1, 1, 5},
                     {1, 4, 2, 3, 5},
                     LayerText("Pooling",
                               "pooling_param { pool: MAX kernel_h: 1 kernel_w: 2 stride_h: 1 "
                               "stride_w: 2 }")),
              ElementsAre(4, 3, 5));
  EXPECT_THAT(RunOne({1, 1, 1, 5},
                     {1, 4, 2, 3, 5},
                     LayerText("Pooling",
                               "pooling_param { pool: MAX kernel_h: 1 kernel_w: 2 stride_h: 1 "
                               "stride_w: 2 round_mode: FLOOR }")),
              ElementsAre(4, 3));
}

TEST(ImportCaffe, TheAverageCountsPaddingButNotWhatLiesBeyond) {
  // 1…6 with one zero on each side, windows of 3 in steps of 3: ceil((6 + 2 − 3) / 3) + 1 = 3 begin
  // at −1, 2, 5: (0 + 1 + 2) / 3, (3 + 4 + 5) / 3, (6 + 0) / 2, as the third ends in the padding.
  EXPECT_THAT(RunOne({1, 1, 1, 6},
                     {1, 2, 3, 4, 5, 6},
                     LayerText("Pooling",
                               "pooling_param { pool: AVE kernel_h: 1 kernel_w: 3 stride_h: 1 "
                               "stride_w: 3 pad_h: 0 pad_w: 1 }")),
              ElementsAre(1, 4, 3));
}

TEST(ImportCaffe, NoWindowBeginsInThePaddingBehind) {
  // 1…3, one zero on each side, windows of 2 in steps of 2: ceil((3 + 2 − 2) / 2) + 1 = 3, but the
  // third would begin at 3, in the padding.
  EXPECT_THAT(RunOne({1, 1, 1, 3},
                     {1, 2, 3},
                     LayerText("Pooling",
                               "pooling_param { pool: MAX kernel_h: 1 kernel_w: 2 stride_h: 1 "
                               "stride_w: 2 pad_h: 0 pad_w: 1 }")),
              ElementsAre(1, 3));
}

TEST(ImportCaffe, GlobalPooling) {
  EXPECT_THAT(RunOne({1, 1, 2, 2},
                     {1, 2, 3, 6},
                     LayerText("Pooling", "pooling_param { pool: AVE global_pooling: true }")),
              ElementsAre(3));
  EXPECT_THAT(RunOne({1, 1, 2, 2},
                     {1, 2, 3, 6},
                     LayerText("Pooling", "pooling_param { pool: MAX global_pooling: true }")),
              ElementsAre(6));
}

TEST(ImportCaffe, Activations) {
  const std::vector<int64_t> dims = {1, 4};
  const std::vector<float> x = {-2, -0.5F, 1, 8};
  EXPECT_THAT(RunOne(dims, x, LayerText("ReLU")), ElementsAre(0, 0, 1, 8));
  EXPECT_THAT(RunOne(dims, x, LayerText("ReLU", "relu_param { negative_slope: 0.5 }")),
              ElementsAre(-1, -0.25F, 1, 8));
  EXPECT_THAT(RunOne(dims, x, LayerText("ReLU6")), ElementsAre(0, 0, 1, 6));
  EXPECT_THAT(RunOne(dims, x, LayerText("AbsVal")), ElementsAre(2, 0.5F, 1, 8));
  EXPECT_THAT(RunOne({1, 1}, {0}, LayerText("Sigmoid")), ElementsAre(0.5F));
  EXPECT_THAT(RunOne({1, 1}, {0.5F}, LayerText("TanH")),
              ElementsAre(FloatNear(0.46211716F, 1e-6F)));
  // 2 · sigmoid(1): 2 · 0.7310586
  EXPECT_THAT(RunOne({1, 1}, {2}, LayerText("Swish", "swish_param { beta: 0.5 }")),
              ElementsAre(FloatNear(1.4621172F, 1e-6F)));
  // 2 · (exp(−0.5) − 1), and for −2: 2 · (0.13533528 − 1)
  EXPECT_THAT(RunOne(dims, x, LayerText("ELU", "elu_param { alpha: 2 }")),
              Pointwise(FloatNear(1e-6F), {-1.7293294F, -0.7869387F, 1.0F, 8.0F}));
  EXPECT_THAT(RunOne(dims, x, LayerText("Clip", "clip_param { min: -1 max: 2 }")),
              ElementsAre(-1, -0.5F, 1, 2));
  // ln(1 + e^0)
  EXPECT_THAT(RunOne({1, 1}, {0}, LayerText("BNLL")), Pointwise(FloatNear(1e-6F), {0.6931472F}));
  EXPECT_THAT(RunOne(dims, x, LayerText("Dropout", "dropout_param { dropout_ratio: 0.9 }")),
              ElementsAre(-2, -0.5F, 1, 8));
}

TEST(ImportCaffe, PReluByChannelOrShared) {
  // Places of a picture: (−1, −1), (2, −3).
  EXPECT_THAT(RunOne({1, 2, 1, 2}, {-1, -1, 2, -3}, LayerText("PReLU"), {{{2}, {0.5F, 10}}}),
              ElementsAre(-0.5F, -10, 2, -30));
  EXPECT_THAT(RunOne({1, 2, 1, 2},
                     {-1, -1, 2, -3},
                     LayerText("PReLU", "prelu_param { channel_shared: true }"),
                     {{{1}, {2}}}),
              ElementsAre(-2, -2, 2, -6));
  // [1, 2, 2]: channels are rows.
  EXPECT_THAT(RunOne({1, 2, 2}, {-1, 1, -2, 2}, LayerText("PReLU"), {{{2}, {10, 100}}}),
              ElementsAre(-10, 1, -200, 2));
}

TEST(ImportCaffe, BatchNormDividesByItsThirdBlob) {
  // Mean 6/2 = 3, variance 8/2 = 4; (x − 3) / 2. The second channel: mean 0, variance 1.
  const std::string text = LayerText("BatchNorm", "batch_norm_param { eps: 0 }");
  EXPECT_THAT(RunOne({1, 2, 1, 2}, {5, 1, 1, 2}, text, {{{2}, {6, 0}}, {{2}, {8, 2}}, {{1}, {2}}}),
              ElementsAre(1, 1, -1, 2));
  // A third blob of 0 makes mean and variance 0: x / sqrt(eps).
  EXPECT_THAT(RunOne({1, 1, 1, 1},
                     {3},
                     LayerText("BatchNorm", "batch_norm_param { eps: 0.25 }"),
                     {{{1}, {7}}, {{1}, {7}}, {{1}, {0}}}),
              ElementsAre(6));
}

TEST(ImportCaffe, ScaleAndBias) {
  EXPECT_THAT(RunOne({1, 2, 1, 2},
                     {1, 2, 3, 4},
                     LayerText("Scale", "scale_param { bias_term: true }"),
                     {{{2}, {10, 100}}, {{2}, {0.5F, 0.25F}}}),
              ElementsAre(10.5F, 200.25F, 30.5F, 400.25F));
  EXPECT_THAT(RunOne({1, 2, 1, 2}, {1, 2, 3, 4}, LayerText("Bias"), {{{2}, {10, 100}}}),
              ElementsAre(11, 102, 13, 104));
  // Along channels, height and width: Caffe's order (c0w0, c0w1, c1w0, c1w1).
  EXPECT_THAT(RunOne({1, 2, 1, 2},
                     {1, 1, 1, 1},
                     LayerText("Scale", "scale_param { axis: 1 num_axes: -1 }"),
                     {{{2, 1, 2}, {1, 2, 3, 4}}}),
              ElementsAre(1, 3, 2, 4));
  // One number for all.
  EXPECT_THAT(
      RunOne({1, 3}, {1, 2, 3}, LayerText("Scale", "scale_param { num_axes: 0 }"), {{{}, {2}}}),
      ElementsAre(2, 4, 6));
}

TEST(ImportCaffe, ScaleByAnotherBottom) {
  // As squeeze-and-excitation does: [1, 2] from axis 0 on a picture.
  const std::string text =
      "input: 'x' input_shape { dim: 1 dim: 2 dim: 1 dim: 2 }\n"
      "input: 'gate' input_shape { dim: 1 dim: 2 }\n"
      "layer { name: 'y' type: 'Scale' bottom: 'x' bottom: 'gate' top: 'y' scale_param { axis: 0 } "
      "}";
  EXPECT_THAT(RunLayers(ImportOrFail(text), {{1, 2, 3, 4}, {10, 100}})["y"],
              ElementsAre(10, 200, 30, 400));
}

TEST(ImportCaffe, ExponentAndPower) {
  const auto run = [](const std::string& type, const std::string& param) {
    return RunOne({1, 1}, {3}, LayerText(type, param));
  };
  // 2^(1 + 0.5 · 3) = 2^2.5
  EXPECT_THAT(run("Exp", "exp_param { base: 2 scale: 0.5 shift: 1 }"),
              Pointwise(FloatNear(1e-5F), {5.6568542F}));
  EXPECT_THAT(run("Exp", ""), Pointwise(FloatNear(1e-4F), {20.085537F}));
  EXPECT_THAT(run("Power", "power_param { scale: 2 shift: 1 }"), ElementsAre(7));
  EXPECT_THAT(run("Power", "power_param { scale: 2 shift: 1 power: 2 }"), ElementsAre(49));
  EXPECT_THAT(run("Power", "power_param { scale: 2 shift: 2 power: -1 }"), ElementsAre(0.125F));
  EXPECT_THAT(run("Power", "power_param { power: 0.5 scale: 3 }"),
              Pointwise(FloatNear(1e-6F), {3.0F}));
  EXPECT_THAT(run("Power", ""), ElementsAre(3));
  // log2(8 · 3 + 8) = 5, ln 3
  EXPECT_THAT(run("Log", "log_param { base: 2 scale: 8 shift: 8 }"),
              Pointwise(FloatNear(1e-5F), {5.0F}));
  EXPECT_THAT(run("Log", ""), Pointwise(FloatNear(1e-6F), {1.0986123F}));
}

TEST(ImportCaffe, EltwiseCombines) {
  const auto run = [](const std::string& param) {
    return RunLayers(ImportOrFail("input: 'a' input: 'b' input_shape { dim: 1 dim: 2 } input_shape "
                                  "{ dim: 1 dim: 2 } layer { name: 'y' type: 'Eltwise' bottom: "
                                  "'a' bottom: 'b' top: 'y' eltwise_param { " +
                                  param + " } }"),
                     {{1, 2}, {10, 20}})["y"];
  };
  EXPECT_THAT(run(""), ElementsAre(11, 22));
  EXPECT_THAT(run("operation: PROD"), ElementsAre(10, 40));
  EXPECT_THAT(run("operation: MAX"), ElementsAre(10, 20));
  EXPECT_THAT(run("operation: SUM coeff: 1 coeff: -1"), ElementsAre(-9, -18));
  EXPECT_THAT(run("coeff: [0.5, 2]"), ElementsAre(20.5F, 41));
}

TEST(ImportCaffe, EltwiseOfThree) {
  const std::string text = NetText({1, 2},
                                   "layer { name: 'y' type: 'Eltwise' bottom: 'x' bottom: 'x' "
                                   "bottom: 'x' top: 'y' }");
  EXPECT_THAT(RunLayers(ImportOrFail(text), {{1, 2}})["y"], ElementsAre(3, 6));
}

// --- names, phases, forms of the file

TEST(ImportCaffe, InPlaceLayersLeaveTheBlobsNameToTheLast) {
  const std::string text = NetText(
      {1, 1, 1, 2},
      "layer { name: 'conv' type: 'Convolution' bottom: 'x' top: 'conv' convolution_param { "
      "num_output: 1 kernel_size: 1 bias_term: false } }\n"
      "layer { name: 'scale' type: 'Scale' bottom: 'conv' top: 'conv' }\n"
      "layer { name: 'relu' type: 'ReLU' bottom: 'conv' top: 'conv' }\n"
      "layer { name: 'out' type: 'AbsVal' bottom: 'conv' top: 'out' }\n");
  const Graph graph = ImportOrFail(
      text, CaffeWeights().Layer("conv", {{{1, 1, 1, 1}, {2}}}).Layer("scale", {{{1}, {10}}}));
  auto layers = RunLayers(graph, {{1, -1}});
  EXPECT_THAT(layers["conv:conv"], ElementsAre(2, -2));
  EXPECT_THAT(layers["conv:scale"], ElementsAre(20, -20));
  EXPECT_THAT(layers["conv"], ElementsAre(20, 0));
  EXPECT_THAT(layers["out"], ElementsAre(20, 0));
  EXPECT_THAT(OutputNames(graph), ElementsAre("out"));

  const auto outline = OutlineOfCaffe(TextFile(text));
  ASSERT_TRUE(outline.ok());
  ASSERT_EQ(outline->tops.size(), 4U);
  EXPECT_EQ(outline->tops[1].layer, "scale");
  EXPECT_EQ(outline->tops[1].tensor, "conv:scale");
  EXPECT_EQ(outline->tops[2].tensor, "conv");
  EXPECT_FALSE(outline->tops[2].is_output);
  EXPECT_TRUE(outline->tops[3].is_output);
}

TEST(ImportCaffe, AnOutlineIsTheSameNetworkForOthers) {
  const auto outline = OutlineOfCaffe(TextFile(
      "input: 'x' input_dim: 1 input_dim: 2 input_dim: 1 input_dim: 3\n"
      "layer { name: 'd' type: 'Data' top: 'x' include { phase: TRAIN } }\n"
      "layers { name: 's' type: SLICE bottom: 'x' top: 'a' top: 'b'\n"
      "  slice_param { slice_dim: 1 } }\n"
      "layer { name: 'new\\n' type: 'Unknown' bottom: 'a' top: 'c' param { lr_mult: 0 } }"));
  ASSERT_TRUE(outline.ok()) << outline.status().ToString();
  EXPECT_EQ(outline->prototxt,
            "input: \"x\" input_shape { dim: 1 dim: 2 dim: 1 dim: 3 } \n\n"
            "layer { name: \"s\" type: \"Slice\" bottom: \"x\" top: \"a\" top: \"b\" slice_param { "
            "slice_dim: 1 } } layer { name: \"plumb:1\" type: \"Split\" bottom: \"b\" top: "
            "\"plumb:1\" } \n\n"
            "layer { name: \"new\\012\" type: \"Unknown\" bottom: \"a\" top: \"c\" } \n");
  EXPECT_EQ(outline->layer_count, 3U);
  ASSERT_EQ(outline->tops.size(), 3U);
  EXPECT_EQ(outline->tops[1].tensor, "b");
  EXPECT_EQ(outline->tops[1].shown_by, 1U);
  EXPECT_TRUE(outline->tops[1].is_output);
  EXPECT_EQ(outline->tops[2].shown_by, 2U);
}

TEST(ImportCaffe, WhatNobodyReadsIsAnOutput) {
  const Graph graph =
      ImportOrFail(NetText({1, 2},
                           "layer { name: 'a' type: 'AbsVal' bottom: 'x' top: 'a' }\n"
                           "layer { name: 'b' type: 'ReLU' bottom: 'a' top: 'b' }\n"
                           "layer { name: 's' type: 'Split' bottom: 'x' top: 's1' top: 's2' }\n"
                           "layer { name: 'c' type: 'TanH' bottom: 's2' top: 'c' }\n"));
  EXPECT_THAT(OutputNames(graph), ElementsAre("b", "s1", "c"));
}

TEST(ImportCaffe, AnInputThatIsOverwrittenKeepsItsName) {
  const Graph graph = ImportOrFail(NetText(
      {1, 2},
      "layer { name: 'scale' type: 'Power' bottom: 'x' top: 'x' power_param { scale: 2 } }\n"
      "layer { name: 'y' type: 'AbsVal' bottom: 'x' top: 'y' }\n"
      "layer { name: 'relu' type: 'ReLU' bottom: 'x' top: 'x' }\n"));
  auto layers = RunLayers(graph, {{-1, 3}});
  EXPECT_THAT(layers["x:scale"], ElementsAre(-2, 6));
  EXPECT_THAT(layers["y"], ElementsAre(2, 6));
  EXPECT_THAT(layers["x:relu"], ElementsAre(0, 6));
  EXPECT_EQ(graph.tensors[graph.inputs[0]].name, "x");
  EXPECT_THAT(OutputNames(graph), ElementsAre("x:relu", "y"));
}

TEST(ImportCaffe, LayersOfTrainingAreLeftOut) {
  const std::string text =
      "input: 'x'\ninput_dim: 1\ninput_dim: 1\ninput_dim: 1\ninput_dim: 2\n"
      "layer { name: 'd' type: 'Data' top: 'x' top: 'label' include { phase: TRAIN } }\n"
      "layer { name: 'not' type: 'Dropout' bottom: 'x' top: 'x' exclude { phase: TEST } }\n"
      "layer { name: 'deep' type: 'ReLU' bottom: 'x' top: 'x' include { stage: 'deep' } }\n"
      "layer { name: 'y' type: 'ReLU' bottom: 'x' top: 'y' include { phase: TEST not_stage: 'a' } "
      "}\n"
      "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'y' bottom: 'label' top: 'loss' }\n"
      "layer { name: 'acc' type: 'Accuracy' bottom: 'y' bottom: 'label' top: 'acc' include { "
      "phase: "
      "TEST } }\n";
  const Graph graph = ImportOrFail(text);
  EXPECT_EQ(graph.ops.size(), 1U);
  EXPECT_THAT(OutputNames(graph), ElementsAre("y"));
}

TEST(ImportCaffe, TheOldFormat) {
  const std::string text =
      "name: 'old'\ninput: 'data'\ninput_dim: 1 input_dim: 1 input_dim: 1 input_dim: 2\n"
      "layers { name: 'conv' type: CONVOLUTION bottom: 'data' top: 'conv' blobs_lr: 1\n"
      "  convolution_param { num_output: 1 kernel_size: 1 } }\n"
      "layers { name: 'prob' type: SOFTMAX bottom: 'conv' top: 'prob' }";
  // V1LayerParameter: name 4, blobs 6; num, channels, height and width instead of a shape, data one
  // by one.
  const auto blob = [](float value) {
    return testing::OnnxMessage().Number(1, 1).Number(2, 1).Number(3, 1).Number(4, 1).Real(5,
                                                                                           value);
  };
  const std::string file =
      testing::OnnxMessage()
          .Message(2,
                   testing::OnnxMessage().Bytes(4, "conv").Message(6, blob(3)).Message(6, blob(1)))
          .bytes();
  const Result<Graph> graph = ImportCaffe(TextFile(text), TextFile(file), "test");
  ASSERT_TRUE(graph.ok()) << graph.status().ToString();
  EXPECT_EQ(graph->name, "test");
  EXPECT_THAT(RunLayers(*graph, {{1, 2}})["conv"], ElementsAre(4, 7));
}

TEST(ImportCaffe, EitherFileOfThePairMayComeFirst) {
  const Buffer net = TextFile("# a net\n" + NetText({1, 2}, LayerText("ReLU")));
  const Buffer weights = CaffeWeights().Layer("y", {}).File();
  EXPECT_EQ(DetectNetworkFormat(net), NetworkFormat::kCaffe);
  EXPECT_EQ(DetectNetworkFormat(weights), NetworkFormat::kCaffe);
  EXPECT_TRUE(ImportNetwork(net, "test", {}, weights).ok());
  EXPECT_TRUE(ImportNetwork(weights, "test", {}, net).ok());
  EXPECT_THAT(ImportNetwork(net, "test").status().message(), HasSubstr("caffemodel"));
  EXPECT_THAT(ImportNetwork(weights, "test", {}, weights).status().message(),
              HasSubstr("prototxt"));
  EXPECT_THAT(ImportNetwork(net, "test", {{"x", {1, 2}}}, weights).status().message(),
              HasSubstr("--input-shape"));
}

}  // namespace
}  // namespace plumb::npu
