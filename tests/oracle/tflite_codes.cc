#include "tests/oracle/tflite_codes.h"

#include <algorithm>
#include <array>

namespace plumb::testing {

using npu::OpKind;
using npu::tflite::Builtin;
using npu::tflite::Padding;
using npu::tflite::TensorType;

// Operations without options and without steering operands.
std::optional<Builtin> PlainCode(OpKind kind) {
  switch (kind) {
    case OpKind::kRelu:
      return Builtin::kRelu;
    case OpKind::kRelu6:
      return Builtin::kRelu6;
    case OpKind::kReluN1To1:
      return Builtin::kReluN1To1;
    case OpKind::kPrelu:
      return Builtin::kPrelu;
    case OpKind::kHardSwish:
      return Builtin::kHardSwish;
    case OpKind::kLogistic:
      return Builtin::kLogistic;
    case OpKind::kTanh:
      return Builtin::kTanh;
    case OpKind::kAbs:
      return Builtin::kAbs;
    case OpKind::kNeg:
      return Builtin::kNeg;
    case OpKind::kExp:
      return Builtin::kExp;
    case OpKind::kQuantize:
      return Builtin::kQuantize;
    case OpKind::kDequantize:
      return Builtin::kDequantize;
    default:
      return std::nullopt;
  }
}

int8_t ActivationCode(npu::Activation activation) {
  switch (activation) {
    case npu::Activation::kRelu:
      return 1;
    case npu::Activation::kReluN1To1:
      return 2;
    case npu::Activation::kRelu6:
      return 3;
    case npu::Activation::kNone:
      break;
  }
  return 0;
}

TensorType TypeOf(ElementType type) {
  switch (type) {
    case ElementType::kInt8:
      return TensorType::kInt8;
    case ElementType::kInt32:
      return TensorType::kInt32;
    default:
      return TensorType::kFloat32;
  }
}

std::vector<int32_t> Dims(const Shape& shape) {
  return {shape.dims().begin(), shape.dims().end()};
}

namespace {

struct Axis {
  int64_t input, output, kernel, stride, dilation, before, after;
};

bool IsValid(const Axis& axis) {
  const int64_t extent = (axis.kernel - 1) * axis.dilation + 1;
  return axis.before == 0 && axis.after == 0 &&
         axis.output == (axis.input - extent) / axis.stride + 1;
}

bool IsSame(const Axis& axis) {
  const int64_t extent = (axis.kernel - 1) * axis.dilation + 1;
  const int64_t output = (axis.input + axis.stride - 1) / axis.stride;
  const int64_t total = std::max<int64_t>(0, (output - 1) * axis.stride + extent - axis.input);
  return axis.output == output && axis.before == total / 2 && axis.after == total - total / 2;
}

}  // namespace

Builtin ReduceCode(OpKind kind) {
  return kind == OpKind::kMean  ? Builtin::kMean
         : kind == OpKind::kSum ? Builtin::kSum
                                : Builtin::kReduceMax;
}

std::optional<Padding> PaddingCode(const npu::WindowAttributes& window,
                                   const Shape& input,
                                   const Shape& output) {
  const std::array axes = {Axis{input[1],
                                output[1],
                                window.kernel_height,
                                window.stride_height,
                                window.dilation_height,
                                window.pad_top,
                                window.pad_bottom},
                           Axis{input[2],
                                output[2],
                                window.kernel_width,
                                window.stride_width,
                                window.dilation_width,
                                window.pad_left,
                                window.pad_right}};
  if (std::all_of(axes.begin(), axes.end(), IsValid)) {
    return Padding::kValid;
  }
  if (std::all_of(axes.begin(), axes.end(), IsSame)) {
    return Padding::kSame;
  }
  return std::nullopt;
}

}  // namespace plumb::testing
