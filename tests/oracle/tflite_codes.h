// The numbers that TFLite's schema has for what a graph says.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/npu/graph/graph.h"
#include "common/npu/import/tflite/schema.h"

namespace plumb::testing {

// Of the schema's union BuiltinOptions.
enum class Options : uint8_t {
  kConv2d = 1,
  kDepthwiseConv2d = 2,
  kPool2d = 5,
  kFullyConnected = 8,
  kSoftmax = 9,
  kConcatenation = 10,
  kAdd = 11,
  kResizeBilinear = 15,
  kMul = 21,
  kReducer = 27,
  kSub = 28,
  kDiv = 29,
  kStridedSlice = 32,
  kTransposeConv = 49,
  kResizeNearest = 74,
  kLeakyRelu = 75,
  kDepthToSpace = 94,
};

// The code of an operation without options and without steering operands.
std::optional<npu::tflite::Builtin> PlainCode(npu::OpKind kind);
// Of kMean, kSum and kReduceMax, whose axes are the second operand.
npu::tflite::Builtin ReduceCode(npu::OpKind kind);
int8_t ActivationCode(npu::Activation activation);
npu::tflite::TensorType TypeOf(ElementType type);
std::vector<int32_t> Dims(const Shape& shape);

// How a window's explicit paddings are called. Empty when they are neither SAME nor VALID.
std::optional<npu::tflite::Padding> PaddingCode(const npu::WindowAttributes& window,
                                                const Shape& input,
                                                const Shape& output);

}  // namespace plumb::testing
