#include <map>

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/npu/import/tflite/tflite.h"
#include "tests/common/npu/import/tflite/writer.h"
#include "tests/support/testdata.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::ConvOptions;
using ::plumb::testing::FlatNode;
using ::plumb::testing::TestDataPath;
using ::plumb::testing::TfliteWriter;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tflite::Builtin;
using tflite::OperatorField;
using tflite::Padding;
using Type = tflite::TensorType;

Graph ImportOrFail(const Buffer& file) {
  Result<Graph> graph = ImportTflite(file, "test");
  EXPECT_TRUE(graph.ok()) << graph.status().ToString();
  return graph.ok() ? std::move(*graph) : Graph();
}

TEST(ImportTflite, ReadsAConvolutionWithSamePadding) {
  TfliteWriter writer;
  const int32_t x = writer.Tensor("picture", {1, 4, 5, 1});
  const int32_t w = writer.Tensor<float>("w", {1, 3, 3, 1}, Type::kFloat32, std::vector<float>(9));
  const int32_t y = writer.Tensor("features", {1, 2, 3, 1});
  writer.Op(Builtin::kConv2d, {x, w, -1}, {y})
      .Table(OperatorField::kOptions, ConvOptions(Padding::kSame, 2, 3));
  const Graph graph = ImportOrFail(writer.File({x}, {y}));
  ASSERT_EQ(graph.ops.size(), 1U);
  const GraphOp& op = graph.ops[0];
  EXPECT_EQ(op.kind, OpKind::kConv2d);
  EXPECT_EQ(op.name, "features");
  EXPECT_EQ(op.activation, Activation::kRelu6);
  EXPECT_EQ(op.inputs.size(), 2U);
  const auto& window = std::get<WindowAttributes>(op.attributes);
  // 4 rows at stride 2 need (2 − 1) · 2 + 3 − 4 = 1 place, which goes below; 5 columns need 2.
  EXPECT_EQ(window.pad_top, 0);
  EXPECT_EQ(window.pad_bottom, 1);
  EXPECT_EQ(window.pad_left, 1);
  EXPECT_EQ(window.pad_right, 1);
  EXPECT_EQ(graph.tensors[graph.inputs[0]].name, "picture");
}

TEST(ImportTflite, FoldsFloat16Weights) {
  TfliteWriter writer;
  const int32_t x = writer.Tensor("x", {1, 1, 1, 2});
  // 1.0, −2.0, 0.5, 65504 (the largest half).
  const int32_t half = writer.Tensor<uint16_t>(
      "half", {2, 1, 1, 2}, Type::kFloat16, {0x3C00, 0xC000, 0x3800, 0x7BFF});
  const int32_t w = writer.Tensor("w", {2, 1, 1, 2});
  const int32_t y = writer.Tensor("y", {1, 1, 1, 2});
  writer.Op(Builtin::kDequantize, {half}, {w});
  writer.Op(Builtin::kConv2d, {x, w}, {y})
      .Table(OperatorField::kOptions, ConvOptions(Padding::kValid, 1));
  const Graph graph = ImportOrFail(writer.File({x}, {y}));
  ASSERT_EQ(graph.ops.size(), 1U) << "the DEQUANTIZE is still there";
  EXPECT_EQ(graph.tensors.size(), 3U) << "the halves are still there";
  EXPECT_THAT(ConstantAsFloats(graph.tensors[graph.ops[0].inputs[1]]),
              ElementsAre(1, -2, 0.5, 65504));
}

TEST(ImportTflite, ReadsScalesAndZeroPoints) {
  TfliteWriter writer;
  const int32_t x = writer.Tensor("x", {1, 2}, Type::kInt8);
  const int32_t w = writer.Tensor<int8_t>("w", {2, 2}, Type::kInt8, {1, 2, 3, 4});
  const int32_t b = writer.Tensor<int32_t>("b", {2}, Type::kInt32, {5, 6});
  const int32_t y = writer.Tensor("y", {1, 2}, Type::kInt8);
  writer.Quantize(x, {0.5F}, {-3});
  writer.Quantize(w, {0.25F, 0.125F}, {0, 0});
  writer.Quantize(y, {2}, {7});
  writer.Op(Builtin::kFullyConnected, {x, w, b}, {y});
  const Graph graph = ImportOrFail(writer.File({x}, {y}));
  EXPECT_TRUE(IsQuantized(graph));
  ASSERT_EQ(graph.ops.size(), 1U);
  const GraphTensor& weights = graph.tensors[graph.ops[0].inputs[1]];
  EXPECT_THAT(weights.quantization.scales, ElementsAre(0.25, 0.125));
  EXPECT_THAT(graph.tensors[graph.inputs[0]].quantization.zero_points, ElementsAre(-3));
  EXPECT_EQ(graph.tensors[graph.ops[0].inputs[2]].element_type, ElementType::kInt32);
}

TEST(ImportTflite, TakesMediaPipesTransposeConvolution) {
  TfliteWriter writer;
  const int32_t x = writer.Tensor("x", {1, 2, 2, 1});
  const int32_t w = writer.Tensor<float>("w", {1, 3, 3, 1}, Type::kFloat32, std::vector<float>(9));
  const int32_t b = writer.Tensor<float>("b", {1}, Type::kFloat32, {1});
  const int32_t y = writer.Tensor("y", {1, 4, 4, 1});
  const std::vector<uint8_t> same_stride_2 = {1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0};
  writer.Op(Builtin::kCustom, {x, w, b}, {y}, "Convolution2DTransposeBias")
      .Vector(OperatorField::kCustomOptions, same_stride_2);
  const Graph graph = ImportOrFail(writer.File({x}, {y}));
  ASSERT_EQ(graph.ops.size(), 1U);
  EXPECT_EQ(graph.ops[0].kind, OpKind::kTransposeConv2d);
  const auto& window = std::get<WindowAttributes>(graph.ops[0].attributes);
  EXPECT_EQ(window.stride_height, 2);
  // (2 − 1) · 2 + 3 − 4 = 1 place is cropped, below and to the right.
  EXPECT_EQ(window.pad_top, 0);
  EXPECT_EQ(window.pad_bottom, 1);
}

TEST(ImportTflite, SteeringOperandsBecomeAttributes) {
  TfliteWriter writer;
  const int32_t x = writer.Tensor("x", {1, 2, 2, 1});
  const int32_t pads =
      writer.Tensor<int32_t>("pads", {4, 2}, Type::kInt32, {0, 0, 1, 0, 0, 2, 0, 3});
  const int32_t padded = writer.Tensor("padded", {1, 3, 4, 4});
  const int32_t axes = writer.Tensor<int32_t>("axes", {2}, Type::kInt32, {-2, 1});
  const int32_t y = writer.Tensor("y", {1, 4});
  writer.Op(Builtin::kPad, {x, pads}, {padded});
  writer.Op(Builtin::kMean, {padded, axes}, {y});
  const Graph graph = ImportOrFail(writer.File({x}, {y}));
  ASSERT_EQ(graph.ops.size(), 2U);
  EXPECT_EQ(graph.tensors.size(), 3U);
  const auto& pad = std::get<PadAttributes>(graph.ops[0].attributes);
  EXPECT_THAT(pad.before, ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(pad.after, ElementsAre(0, 0, 2, 3));
  EXPECT_THAT(std::get<ReduceAttributes>(graph.ops[1].attributes).axes, ElementsAre(1, 2));
}

TEST(ImportTflite, ResolvesSlicesWithMasks) {
  TfliteWriter writer;
  const int32_t x = writer.Tensor("x", {4, 6});
  const int32_t begin = writer.Tensor<int32_t>("begin", {2}, Type::kInt32, {-1, 3});
  const int32_t end = writer.Tensor<int32_t>("end", {2}, Type::kInt32, {0, -1});
  const int32_t step = writer.Tensor<int32_t>("step", {2}, Type::kInt32, {1, 2});
  const int32_t y = writer.Tensor("y", {3});
  FlatNode masks;
  masks.Scalar(0, int32_t{2});  // the second axis begins at 0
  masks.Scalar(4, int32_t{1});  // the first axis is one index and goes
  writer.Op(Builtin::kStridedSlice, {x, begin, end, step}, {y})
      .Table(OperatorField::kOptions, masks);
  const Graph graph = ImportOrFail(writer.File({x}, {y}));
  ASSERT_EQ(graph.ops.size(), 1U);
  const auto& slice = std::get<StridedSliceAttributes>(graph.ops[0].attributes);
  EXPECT_THAT(slice.begin, ElementsAre(3, 0));
  EXPECT_THAT(slice.size, ElementsAre(1, 3));  // columns 0, 2, 4
  EXPECT_THAT(slice.stride, ElementsAre(1, 2));
}

TEST(ImportTflite, NamesTensorsSafelyAndOnce) {
  TfliteWriter writer;
  const int32_t x = writer.Tensor("", {2});
  const int32_t a = writer.Tensor("same", {2});
  const int32_t b = writer.Tensor("same", {2});
  const int32_t c = writer.Tensor("bell\x07", {2});
  const int32_t y = writer.Tensor(std::string(300, 'n'), {2});
  writer.Op(Builtin::kRelu, {x}, {a});
  writer.Op(Builtin::kAbs, {a}, {b});
  writer.Op(Builtin::kTanh, {b}, {c});
  writer.Op(Builtin::kRelu6, {c}, {y});
  const Graph graph = ImportOrFail(writer.File({x}, {y}));
  ASSERT_EQ(graph.ops.size(), 4U);
  EXPECT_EQ(graph.tensors[graph.inputs[0]].name, "tensor_0");
  EXPECT_EQ(graph.ops[0].name, "same");
  EXPECT_EQ(graph.ops[1].name, "same#2");
  EXPECT_EQ(graph.ops[2].name, "tensor_3");
  EXPECT_EQ(graph.ops[3].name, std::string(200, 'n'));
}

TEST(ImportTflite, UnsupportedOperationsAreNamedWithWhatIsSupported) {
  TfliteWriter writer;
  const int32_t x = writer.Tensor("x", {2});
  const int32_t y = writer.Tensor("memory", {2});
  writer.Op(static_cast<Builtin>(16), {x}, {y});
  const Status status = ImportTflite(writer.File({x}, {y}), "test").status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(status.message(), HasSubstr("LSTM"));
  EXPECT_THAT(status.message(), HasSubstr("'memory'"));
  EXPECT_THAT(status.hint(), HasSubstr("DEPTHWISE_CONV_2D"));
}

TEST(ImportTflite, UnsupportedCustomOperationsAndActivationsAreNamed) {
  TfliteWriter writer;
  const int32_t x = writer.Tensor("x", {2});
  const int32_t y = writer.Tensor("y", {2});
  writer.Op(Builtin::kCustom, {x}, {y}, "Landmarks\nToTransform");
  const Status custom = ImportTflite(writer.File({x}, {y}), "test").status();
  EXPECT_EQ(custom.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(custom.message(), HasSubstr("'Landmarks\\x0aToTransform'"));

  TfliteWriter fused;
  const int32_t a = fused.Tensor("a", {2});
  const int32_t b = fused.Tensor("b", {2});
  const int32_t sum = fused.Tensor("sum", {2});
  fused.Op(Builtin::kAdd, {a, b}, {sum})
      .Table(OperatorField::kOptions, FlatNode().Scalar(0, int8_t{4}));
  const Status tanh = ImportTflite(fused.File({a, b}, {sum}), "test").status();
  EXPECT_EQ(tanh.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(tanh.message(), HasSubstr("fused activation 4"));
}

TEST(ImportTflite, VariableTensorsAreRefused) {
  TfliteWriter writer;
  const int32_t x = writer.Tensor("x", {2});
  const int32_t y = writer.Tensor("y", {2});
  writer.At(x).Scalar(tflite::TensorField::kIsVariable, uint8_t{1});
  writer.Op(Builtin::kRelu, {x}, {y});
  const Status status = ImportTflite(writer.File({x}, {y}), "test").status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(status.message(), HasSubstr("tensor 0"));
}

// The counts come from another reader of the same file.
TEST(ImportTflite, ReadsBlazeFace) {
  const auto file = plumb::ReadFile(TestDataPath("models/face_detection_short_range.tflite"));
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const Graph graph = ImportOrFail(*file);
  std::map<std::string, int> count;
  for (const GraphOp& op : graph.ops) {
    ++count[std::string(OpKindName(op.kind))];
  }
  EXPECT_EQ(count["CONV_2D"], 21);
  EXPECT_EQ(count["DEPTHWISE_CONV_2D"], 16);
  EXPECT_EQ(count["ADD"], 16);
  EXPECT_EQ(count["PAD"], 11);
  EXPECT_EQ(count["RELU"], 17);
  EXPECT_EQ(count["MAX_POOL_2D"], 3);
  EXPECT_EQ(count["DEQUANTIZE"], 0);
  ASSERT_EQ(graph.outputs.size(), 2U);
  EXPECT_EQ(graph.tensors[graph.outputs[0]].name, "regressors");
  EXPECT_EQ(graph.tensors[graph.outputs[0]].shape, Shape({1, 896, 16}));
  EXPECT_EQ(graph.tensors[graph.outputs[1]].name, "classificators");
}

}  // namespace
}  // namespace plumb::npu
