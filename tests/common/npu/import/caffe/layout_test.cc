// Caffe layers that move elements: expectations worked out by hand in Caffe's order, then as NHWC.
#include <gmock/gmock.h>

#include "tests/common/npu/import/caffe/run.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::ImportOrFail;
using ::plumb::testing::ImportStatus;
using ::plumb::testing::LayerText;
using ::plumb::testing::NetText;
using ::plumb::testing::RunLayers;
using ::plumb::testing::RunOne;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

// Channel 0 is 1 2, channel 1 is 3 4.
const std::vector<float> kPicture = {1, 3, 2, 4};
const std::vector<int64_t> kPictureDims = {1, 2, 1, 2};

TEST(CaffeLayout, FlattenIsInCaffesOrder) {
  EXPECT_THAT(RunOne(kPictureDims, kPicture, LayerText("Flatten")), ElementsAre(1, 2, 3, 4));
  const Graph graph =
      ImportOrFail(NetText({2, 3, 4, 5}, LayerText("Flatten", "flatten_param { axis: 2 }")));
  EXPECT_EQ(graph.tensors[graph.outputs[0]].shape, (Shape{2, 3, 20}));
}

TEST(CaffeLayout, ReshapeKeepsCopiesAndInfers) {
  const auto shape = [](const std::string& param) {
    const Graph graph = ImportOrFail(
        NetText({2, 3, 4, 5}, LayerText("Reshape", "reshape_param { " + param + " }")));
    return graph.tensors[graph.outputs[0]].shape;
  };
  EXPECT_EQ(shape("shape { dim: 0 dim: -1 }"), (Shape{2, 60}));
  EXPECT_EQ(shape("shape { dim: 0 dim: 0 dim: 20 }"), (Shape{2, 3, 20}));
  EXPECT_EQ(shape("shape { dim: 6 dim: 2 } axis: 1 num_axes: 2"), (Shape{2, 6, 2, 5}));
  EXPECT_EQ(shape("shape { dim: 1 } axis: -1 num_axes: 0"), (Shape{2, 3, 4, 5, 1}));
  EXPECT_THAT(
      RunOne(kPictureDims, kPicture, LayerText("Reshape", "reshape_param { shape { dim: 4 } }")),
      ElementsAre(1, 2, 3, 4));
}

TEST(CaffeLayout, PermuteToNhwcMovesNothing) {
  const Graph graph = ImportOrFail(NetText(
      kPictureDims, LayerText("Permute", "permute_param { order: 0 order: 2 order: 3 order: 1 }")));
  ASSERT_EQ(graph.ops.size(), 1U);
  EXPECT_EQ(graph.ops[0].kind, OpKind::kReshape);
  EXPECT_EQ(graph.tensors[graph.outputs[0]].shape, (Shape{1, 1, 2, 2}));
  EXPECT_THAT(RunLayers(graph, {kPicture})["y"], ElementsAre(1, 3, 2, 4));
}

TEST(CaffeLayout, PermuteTakesUnnamedAxesBehind) {
  // order 3: [W, N, C, H]: w0 c0, w0 c1, w1 c0, w1 c1.
  EXPECT_THAT(RunOne(kPictureDims, kPicture, LayerText("Permute", "permute_param { order: 3 }")),
              ElementsAre(1, 3, 2, 4));
  // order 0, 1, 3, 2 on [1, 2, 1, 2]: c0 then c1, width now outside.
  EXPECT_THAT(
      RunOne(kPictureDims, kPicture, LayerText("Permute", "permute_param { order: [0, 1, 3, 2] }")),
      ElementsAre(1, 2, 3, 4));
}

TEST(CaffeLayout, ConcatOfChannelsAndOfRows) {
  const auto run = [](const std::string& param) {
    return RunLayers(
        ImportOrFail(NetText(kPictureDims,
                             "layer { name: 'a' type: 'AbsVal' bottom: 'x' top: 'a' }\n"
                             "layer { name: 'y' type: 'Concat' bottom: 'x' bottom: 'a' top: 'y' " +
                                 param + " }")),
        {{-1, 3, 2, 4}})["y"];
  };
  EXPECT_THAT(run(""), ElementsAre(-1, 3, 1, 3, 2, 4, 2, 4));
  EXPECT_THAT(run("concat_param { axis: 2 }"), ElementsAre(-1, 3, 2, 4, 1, 3, 2, 4));
  EXPECT_THAT(run("concat_param { concat_dim: 3 }"), ElementsAre(-1, 3, 2, 4, 1, 3, 2, 4));
}

TEST(CaffeLayout, SliceByPointsOrEqually) {
  const auto slice = [](const std::string& param) {
    return RunLayers(
        ImportOrFail(NetText({1, 4, 1, 1},
                             "layer { name: 's' type: 'Slice' bottom: 'x' top: 'a' top: 'b' "
                             "slice_param { " +
                                 param + " } }")),
        {{1, 2, 3, 4}});
  };
  auto equal = slice("");
  EXPECT_THAT(equal["a"], ElementsAre(1, 2));
  EXPECT_THAT(equal["b"], ElementsAre(3, 4));
  auto uneven = slice("axis: 1 slice_point: 1");
  EXPECT_THAT(uneven["a"], ElementsAre(1));
  EXPECT_THAT(uneven["b"], ElementsAre(2, 3, 4));
}

TEST(CaffeLayout, CropToAnotherBottom) {
  const std::string text =
      "input: 'x' input_shape { dim: 1 dim: 1 dim: 3 dim: 3 }\n"
      "input: 'like' input_shape { dim: 1 dim: 7 dim: 2 dim: 1 }\n"
      "layer { name: 'y' type: 'Crop' bottom: 'x' bottom: 'like' top: 'y' crop_param { offset: 1 "
      "offset: 2 } }";
  EXPECT_THAT(
      RunLayers(ImportOrFail(text), {{1, 2, 3, 4, 5, 6, 7, 8, 9}, std::vector<float>(14)})["y"],
      ElementsAre(6, 9));
}

TEST(CaffeLayout, SoftmaxOfChannelsAndOfAnotherAxis) {
  // Places (0, ln 3) and (0, 0): 1/4 3/4, 1/2 1/2.
  const std::vector<float> x = {0, 1.0986123F, 0, 0};
  EXPECT_THAT(RunOne(kPictureDims, x, LayerText("Softmax")),
              Pointwise(FloatNear(1e-6F), {0.25F, 0.75F, 0.5F, 0.5F}));
  // Over the width: channel 0 is 0 0, channel 1 is ln 3, 0.
  EXPECT_THAT(RunOne(kPictureDims, x, LayerText("Softmax", "softmax_param { axis: 3 }")),
              Pointwise(FloatNear(1e-6F), {0.5F, 0.75F, 0.5F, 0.25F}));
}

TEST(CaffeLayout, ShuffleChannelTurnsGroups) {
  // Groups (1 2 3) and (4 5 6) at one place: 1 4 2 5 3 6.
  EXPECT_THAT(RunOne({1, 6, 1, 1},
                     {1, 2, 3, 4, 5, 6},
                     LayerText("ShuffleChannel", "shuffle_channel_param { group: 2 }")),
              ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(CaffeLayout, UpsampleAndInterp) {
  EXPECT_THAT(RunOne({1, 1, 1, 2}, {1, 2}, LayerText("Upsample", "upsample_param { scale: 2 }")),
              ElementsAre(1, 1, 2, 2, 1, 1, 2, 2));
  // 2 → 2 + 1 · (3 − 1) = 4 columns with the corners in place: 0, 1, 2, 3 of 0 … 3.
  EXPECT_THAT(RunOne({1, 1, 1, 2}, {0, 3}, LayerText("Interp", "interp_param { zoom_factor: 3 }")),
              Pointwise(FloatNear(1e-6F), {0.0F, 1.0F, 2.0F, 3.0F}));
  EXPECT_THAT(
      RunOne({1, 1, 1, 3}, {0, 7, 4}, LayerText("Interp", "interp_param { height: 1 width: 2 }")),
      ElementsAre(0, 4));
  EXPECT_THAT(
      RunOne(
          {1, 1, 1, 5}, {0, 1, 2, 3, 4}, LayerText("Interp", "interp_param { shrink_factor: 2 }")),
      ElementsAre(0, 2, 4));
}

TEST(CaffeLayout, ReductionFromAnAxisOn) {
  const auto run = [](const std::string& param) {
    // Channel 0 is 1 −2, channel 1 is 3 4.
    return RunOne(
        kPictureDims, {1, 3, -2, 4}, LayerText("Reduction", "reduction_param { " + param + " }"));
  };
  EXPECT_THAT(run(""), ElementsAre(6));
  EXPECT_THAT(run("operation: ASUM axis: 1"), ElementsAre(10));
  EXPECT_THAT(run("operation: SUMSQ axis: 2"), ElementsAre(5, 25));
  EXPECT_THAT(run("operation: MEAN axis: 3 coeff: 10"), ElementsAre(-5, 35));
}

TEST(CaffeLayout, LocalResponseNormalization) {
  // Squares 1 4 9, windows of 3 channels: 5 14 13; k + alpha / 3 · sum = 2 + 5, 2 + 14, 2 + 13.
  EXPECT_THAT(RunOne({1, 3, 1, 1},
                     {1, 2, 3},
                     LayerText("LRN", "lrn_param { local_size: 3 alpha: 3 beta: 1 k: 2 }")),
              Pointwise(FloatNear(1e-6F), {1.0F / 7, 2.0F / 16, 3.0F / 15}));
  // Within a channel: 3 × 3 places of which three are inside at most; 1 + 9 / 9 · sum.
  EXPECT_THAT(RunOne({1, 1, 1, 3},
                     {1, 2, 3},
                     LayerText("LRN",
                               "lrn_param { local_size: 3 alpha: 9 beta: 1 k: 7 norm_region: "
                               "WITHIN_CHANNEL }")),
              Pointwise(FloatNear(1e-6F), {1.0F / 6, 2.0F / 15, 3.0F / 14}));
}

TEST(CaffeLayout, NormalizeToUnitLength) {
  // Places (3, 4) and (0, 2): lengths 5 and 2, times 10 and 100.
  EXPECT_THAT(
      RunOne(kPictureDims,
             {3, 4, 0, 2},
             LayerText("Normalize", "norm_param { across_spatial: false channel_shared: false }"),
             {{{2}, {10, 100}}}),
      Pointwise(FloatNear(1e-4F), {6.0F, 80.0F, 0.0F, 100.0F}));
  // All of 1 1 1 1: length 2.
  EXPECT_THAT(RunOne(kPictureDims, {1, 1, 1, 1}, LayerText("Normalize"), {{{1}, {4}}}),
              Pointwise(FloatNear(1e-5F), {2.0F, 2.0F, 2.0F, 2.0F}));
}

TEST(CaffeLayout, WhatDoesNotFitIsAnError) {
  const auto message = [](const std::string& type, const std::string& rest) {
    return ImportStatus(NetText({2, 3, 4, 5}, LayerText(type, rest))).message();
  };
  EXPECT_THAT(message("Reshape", "reshape_param { shape { dim: 7 dim: -1 } }"),
              HasSubstr("makes 7 elements of 120"));
  EXPECT_THAT(message("Reshape", "reshape_param { shape { dim: -1 dim: -1 } }"),
              HasSubstr("dimension of -1"));
  EXPECT_THAT(message("Flatten", "flatten_param { axis: 4 }"), HasSubstr("axis 4 of 4"));
  EXPECT_THAT(message("Flatten", "flatten_param { axis: 2 end_axis: 1 }"),
              HasSubstr("axis 2 to 1"));
  EXPECT_THAT(message("Permute", "permute_param { order: 1 order: 1 }"), HasSubstr("axis 1 twice"));
  EXPECT_THAT(message("Slice", "slice_param { slice_point: 3 }"), HasSubstr("slice points"));
  EXPECT_THAT(message("ShuffleChannel", "shuffle_channel_param { group: 2 }"),
              HasSubstr("2 groups of 3"));
  EXPECT_THAT(message("Interp", "interp_param { pad_beg: -1 }"), HasSubstr("pad_beg"));
}

}  // namespace
}  // namespace plumb::npu
