#include "tests/fuzz/tflite_seeds.h"

#include <cstdint>

#include "tests/common/npu/import/tflite/writer.h"

namespace plumb::fuzz {
namespace {

using npu::tflite::Builtin;
using npu::tflite::OperatorField;
using testing::TfliteWriter;

Buffer ConvolutionFile(bool quantized) {
  TfliteWriter writer;
  const auto type = quantized ? TfliteWriter::Type::kInt8 : TfliteWriter::Type::kFloat32;
  const int32_t x = writer.Tensor("picture", {1, 4, 5, 1}, type);
  const int32_t w =
      quantized ? writer.Tensor<int8_t>("w", {1, 3, 3, 1}, type, {1, -2, 3, 4, -5, 6, 7, 8, 9})
                : writer.Tensor<float>("w", {1, 3, 3, 1}, type, std::vector<float>(9, 0.5F));
  const int32_t b = quantized ? writer.Tensor<int32_t>("b", {1}, TfliteWriter::Type::kInt32, {5})
                              : writer.Tensor<float>("b", {1}, type, {0.25F});
  const int32_t y = writer.Tensor("features", {1, 2, 3, 1}, type);
  if (quantized) {
    writer.Quantize(x, {0.5F}, {3});
    writer.Quantize(w, {0.25F}, {0});
    writer.Quantize(b, {0.125F}, {0});
    writer.Quantize(y, {1.0F}, {-4});
  }
  writer.Op(Builtin::kConv2d, {x, w, b}, {y})
      .Table(OperatorField::kOptions, testing::ConvOptions(npu::tflite::Padding::kSame, 2, 3));
  return writer.File({x}, {y});
}

// One operation without options from one or two inputs.
Buffer PlainFile(Builtin code, size_t operands) {
  TfliteWriter writer;
  std::vector<int32_t> inputs;
  for (size_t i = 0; i < operands; ++i) {
    inputs.push_back(writer.Tensor("x" + std::to_string(i), {1, 2, 2, 3}));
  }
  const int32_t y = writer.Tensor("y", {1, 2, 2, 3});
  writer.Op(code, inputs, {y});
  return writer.File(inputs, {y});
}

Buffer ShapedFile(Builtin code,
                  const std::vector<int32_t>& operand,
                  const std::vector<int32_t>& operand_shape,
                  const std::vector<int32_t>& shape) {
  TfliteWriter writer;
  const int32_t x = writer.Tensor("x", {1, 2, 2, 3});
  const int32_t k = writer.Tensor<int32_t>("k", operand_shape, TfliteWriter::Type::kInt32, operand);
  const int32_t y = writer.Tensor("y", shape);
  writer.Op(code, {x, k}, {y});
  return writer.File({x}, {y});
}

}  // namespace

std::vector<std::pair<std::string, Buffer>> TfliteSeeds() {
  std::vector<std::pair<std::string, Buffer>> seeds;
  seeds.emplace_back("conv_float", ConvolutionFile(false));
  seeds.emplace_back("conv_int8", ConvolutionFile(true));
  for (const Builtin code : {Builtin::kRelu, Builtin::kLogistic, Builtin::kSoftmax}) {
    seeds.emplace_back("unary_" + std::to_string(static_cast<int>(code)), PlainFile(code, 1));
  }
  for (const Builtin code : {Builtin::kAdd, Builtin::kMul}) {
    seeds.emplace_back("binary_" + std::to_string(static_cast<int>(code)), PlainFile(code, 2));
  }
  seeds.emplace_back("reshape", ShapedFile(Builtin::kReshape, {1, 12}, {2}, {1, 12}));
  seeds.emplace_back("transpose", ShapedFile(Builtin::kTranspose, {0, 3, 1, 2}, {4}, {1, 3, 2, 2}));
  seeds.emplace_back("pad",
                     ShapedFile(Builtin::kPad, {0, 0, 1, 1, 1, 0, 0, 0}, {4, 2}, {1, 4, 3, 3}));
  seeds.emplace_back("mean", ShapedFile(Builtin::kMean, {1, 2}, {2}, {1, 3}));
  return seeds;
}

}  // namespace plumb::fuzz
