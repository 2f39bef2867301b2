#include <cmath>
#include <functional>

#include <gmock/gmock.h>

#include "common/npu/graph/graph.h"
#include "common/npu/graph/infer.h"
#include "tests/support/graph_builder.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::GraphBuilder;
using ::plumb::testing::Window;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Input t0 [1, 4, 4, 2], weights t1, bias t2, CONV_2D → t3 [1, 2, 2, 3], RELU → t4.
Graph ConvThenRelu() {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 4, 4, 2});
  const uint32_t w = builder.Constant({3, 3, 3, 2}, std::vector<float>(54, 1));
  const uint32_t b = builder.Constant({3}, {1, 2, 3});
  const uint32_t y = builder.Op(OpKind::kConv2d, {x, w, b}, {1, 2, 2, 3}, Window(3, 3));
  const uint32_t z = builder.Op(OpKind::kRelu, {y}, {1, 2, 2, 3});
  return builder.Build({z});
}

struct Damage {
  const char* name;
  std::function<void(Graph&)> apply;
  const char* complaint;
};

void PrintTo(const Damage& damage, std::ostream* out) {
  *out << damage.name;
}

class ValidateGraphTest : public ::testing::TestWithParam<Damage> {};

TEST(ValidateGraph, AcceptsASoundNetwork) {
  const Status status = ValidateGraph(ConvThenRelu());
  EXPECT_TRUE(status.ok()) << status.ToString();
}

TEST_P(ValidateGraphTest, NamesWhatIsWrong) {
  Graph graph = ConvThenRelu();
  GetParam().apply(graph);
  const Status status = ValidateGraph(graph);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr(GetParam().complaint));
}

WindowAttributes& WindowOf(Graph& graph) {
  return std::get<WindowAttributes>(graph.ops[0].attributes);
}

INSTANTIATE_TEST_SUITE_P(
    Damages,
    ValidateGraphTest,
    ::testing::Values(
        Damage{"no_inputs", [](Graph& g) { g.inputs.clear(); }, "no input"},
        Damage{"no_outputs", [](Graph& g) { g.outputs.clear(); }, "no output"},
        Damage{"output_index", [](Graph& g) { g.outputs[0] = 99; }, "tensor 99 of 5"},
        Damage{"input_twice", [](Graph& g) { g.inputs.push_back(0); }, "listed twice"},
        Damage{"unreached_output", [](Graph& g) { g.ops.pop_back(); }, "never computed"},
        Damage{"operand_index", [](Graph& g) { g.ops[1].inputs[0] = 77; }, "reads tensor 77"},
        Damage{"operand_too_early",
               [](Graph& g) { std::swap(g.ops[0], g.ops[1]); },
               "RELU 't4': reads tensor 3"},
        Damage{"written_twice", [](Graph& g) { g.ops[1].output = 3; }, "written already"},
        Damage{"writes_input", [](Graph& g) { g.ops[1].output = 0; }, "written already"},
        Damage{"other_shape",
               [](Graph& g) {
                 g.tensors[3].shape = {1, 2, 3, 2};
               },
               "makes 1x2x2x3 but the file says 1x2x3x2"},
        Damage{"empty_dimension",
               [](Graph& g) {
                 g.tensors[0].shape = {1, 0, 4, 2};
               },
               "empty"},
        Damage{"huge",
               [](Graph& g) {
                 g.tensors[0].shape = {1 << 20, 1 << 20};
               },
               "2^28"},
        Damage{"rank",
               [](Graph& g) {
                 g.tensors[4].shape = {1, 1, 1, 1, 1, 1, 1, 1, 1};
               },
               "9 dim"},
        Damage{"unnamed", [](Graph& g) { g.tensors[4].name = "a\nb"; }, "name"},
        Damage{"short_constant",
               [](Graph& g) { g.tensors[2].constant = g.tensors[2].constant.Slice(0, 8); },
               "holds 8 bytes"},
        Damage{"half_type",
               [](Graph& g) { g.tensors[0].element_type = ElementType::kFloat16; },
               "element type"},
        Damage{"integers_without_scale",
               [](Graph& g) { g.tensors[0].element_type = ElementType::kInt8; },
               "integers without a scale"},
        Damage{"output_without_scale",
               [](Graph& g) { g.tensors[4].element_type = ElementType::kInt8; },
               "integers without one scale"},
        Damage{"nan_scale",
               [](Graph& g) {
                 g.tensors[0].quantization = {{std::nan("")}, {0}, 0};
               },
               "scale"},
        Damage{"scales_without_zero_points",
               [](Graph& g) {
                 g.tensors[0].quantization = {{1.0}, {}, 0};
               },
               "zero points"},
        Damage{"scales_off_axis",
               [](Graph& g) {
                 g.tensors[1].quantization = {{1, 1}, {0, 0}, 0};
               },
               "2 scales that fit none"},
        Damage{"axis_outside",
               [](Graph& g) {
                 g.tensors[1].quantization = {{1, 1}, {0, 0}, 4};
               },
               "2 scales that fit none"},
        Damage{"no_window", [](Graph& g) { g.ops[0].attributes = {}; }, "no window"},
        Damage{"zero_stride", [](Graph& g) { WindowOf(g).stride_width = 0; }, "stride"},
        Damage{"negative_padding", [](Graph& g) { WindowOf(g).pad_top = -1; }, "padding"},
        Damage{"padding_beyond_kernel", [](Graph& g) { WindowOf(g).pad_left = 3; }, "does not fit"},
        Damage{"kernel_beyond_picture",
               [](Graph& g) { WindowOf(g).dilation_height = 4; },
               "does not fit"},
        Damage{"kernel_unlike_weights", [](Graph& g) { WindowOf(g).kernel_width = 2; }, "weights"},
        Damage{"groups", [](Graph& g) { WindowOf(g).groups = 3; }, "do not fit the input"},
        Damage{"bias_size", [](Graph& g) { g.ops[0].inputs[2] = 1; }, "bias"},
        Damage{"weights_computed",
               [](Graph& g) { g.ops[0].inputs[1] = 0; },
               "not a constant of 4 dimensions"},
        Damage{"too_few_operands", [](Graph& g) { g.ops[0].inputs.resize(1); }, "1 operands"},
        Damage{"too_many_operands", [](Graph& g) { g.ops[1].inputs.push_back(0); }, "2 operands"}),
    [](const auto& test) { return std::string(test.param.name); });

struct Case {
  const char* name;
  OpKind kind;
  GraphOpAttributes attributes;
  Shape input;
  Shape output;
  bool sound;
};

void PrintTo(const Case& test, std::ostream* out) {
  *out << test.name;
}

class LayoutShapeTest : public ::testing::TestWithParam<Case> {};

TEST_P(LayoutShapeTest, IsCheckedAgainstTheAttributes) {
  const Case& test = GetParam();
  GraphBuilder builder;
  const uint32_t x = builder.Input(test.input);
  const uint32_t y = builder.Op(test.kind, {x}, test.output, test.attributes);
  const Status status = ValidateGraph(builder.Build({y}));
  EXPECT_EQ(status.ok(), test.sound) << status.ToString();
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    LayoutShapeTest,
    ::testing::Values(
        Case{"mean",
             OpKind::kMean,
             ReduceAttributes{{1, 2}, true},
             {1, 4, 4, 2},
             {1, 1, 1, 2},
             true},
        Case{"mean_descending",
             OpKind::kMean,
             ReduceAttributes{{2, 1}, true},
             {1, 4, 4, 2},
             {1, 1, 1, 2},
             false},
        Case{"mean_axis",
             OpKind::kMean,
             ReduceAttributes{{4}, true},
             {1, 4, 4, 2},
             {1, 4, 4, 2},
             false},
        Case{"pad", OpKind::kPad, PadAttributes{{0, 1}, {2, 0}}, {3, 3}, {5, 4}, true},
        Case{"pad_negative", OpKind::kPad, PadAttributes{{0, -1}, {2, 0}}, {3, 3}, {5, 2}, false},
        Case{"pad_rank", OpKind::kPad, PadAttributes{{0}, {2}}, {3, 3}, {5, 3}, false},
        Case{"transpose", OpKind::kTranspose, TransposeAttributes{{1, 0}}, {2, 3}, {3, 2}, true},
        Case{"transpose_repeats",
             OpKind::kTranspose,
             TransposeAttributes{{1, 1}},
             {2, 2},
             {2, 2},
             false},
        Case{"transpose_axis",
             OpKind::kTranspose,
             TransposeAttributes{{1, 2}},
             {2, 2},
             {2, 2},
             false},
        Case{"reshape", OpKind::kReshape, {}, {2, 6}, {3, 4}, true},
        Case{"reshape_count", OpKind::kReshape, {}, {2, 6}, {3, 5}, false},
        Case{"resize",
             OpKind::kResizeBilinear,
             ResizeAttributes{},
             {1, 2, 2, 3},
             {1, 9, 5, 3},
             true},
        Case{"resize_channels",
             OpKind::kResizeNearest,
             ResizeAttributes{},
             {1, 2, 2, 3},
             {1, 9, 5, 4},
             false},
        Case{"resize_both_flags",
             OpKind::kResizeBilinear,
             ResizeAttributes{true, true},
             {1, 2, 2, 3},
             {1, 9, 5, 3},
             false},
        Case{"depth_to_space",
             OpKind::kDepthToSpace,
             DepthToSpaceAttributes{2},
             {1, 2, 2, 8},
             {1, 4, 4, 2},
             true},
        Case{"depth_to_space_block",
             OpKind::kDepthToSpace,
             DepthToSpaceAttributes{3},
             {1, 2, 2, 8},
             {1, 6, 6, 1},
             false},
        Case{"slice",
             OpKind::kStridedSlice,
             StridedSliceAttributes{{1, 0}, {2, 1}, {2, 2}},
             {4, 2},
             {2, 2},
             true},
        Case{"slice_drops",
             OpKind::kStridedSlice,
             StridedSliceAttributes{{1, 0}, {1, 1}, {1, 2}},
             {4, 2},
             {2},
             true},
        Case{"slice_beyond",
             OpKind::kStridedSlice,
             StridedSliceAttributes{{2, 0}, {2, 1}, {2, 2}},
             {4, 2},
             {2, 2},
             false},
        Case{"attributes_of_another",
             OpKind::kPad,
             TransposeAttributes{{0, 1}},
             {2, 2},
             {2, 2},
             false}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(BroadcastShape, FollowsNumpy) {
  const auto broadcast = [](const Shape& a, const Shape& b) {
    const Result<Shape> shape = BroadcastShape(a, b);
    return shape.ok() ? shape->ToString() : "none";
  };
  EXPECT_EQ(broadcast({2, 1, 4}, {3, 1}), "2x3x4");
  EXPECT_EQ(broadcast({}, {5}), "5");
  EXPECT_EQ(broadcast({2, 3}, {2}), "none");
}

TEST(ConstantAsFloats, DequantisesAlongTheAxis) {
  GraphBuilder builder;
  const uint32_t per_axis =
      builder.Quantized<int8_t>({2, 2}, ElementType::kInt8, {{0.5, 2}, {0, 1}, 1}, {-2, 3, 4, 5});
  const uint32_t whole =
      builder.Quantized<uint8_t>({3}, ElementType::kUint8, {{0.25}, {128}, 0}, {0, 128, 255});
  EXPECT_THAT(ConstantAsFloats(builder.At(per_axis)), ElementsAre(-1, 4, 2, 8));
  EXPECT_THAT(ConstantAsFloats(builder.At(whole)), ElementsAre(-32, 0, 31.75));
}

}  // namespace
}  // namespace plumb::npu
