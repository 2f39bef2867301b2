#include <array>

#include "common/base/checked.h"
#include "common/npu/graph/infer.h"

namespace plumb::npu {
namespace {

constexpr int32_t kMaxWindow = 1 << 16;

Status CheckWindow(const WindowAttributes& window) {
  const std::array positive = {window.kernel_height,
                               window.kernel_width,
                               window.stride_height,
                               window.stride_width,
                               window.dilation_height,
                               window.dilation_width,
                               window.groups};
  for (const int32_t value : positive) {
    if (value < 1 || value > kMaxWindow) {
      return InvalidArgumentError("kernel, stride, dilation and groups must be 1 to 65536, not " +
                                  std::to_string(value));
    }
  }
  for (const int32_t value :
       {window.pad_top, window.pad_left, window.pad_bottom, window.pad_right}) {
    if (value < 0 || value > kMaxWindow) {
      return InvalidArgumentError("a padding must be 0 to 65536, not " + std::to_string(value));
    }
  }
  return OkStatus();
}

Status CheckPicture(const Shape& shape) {
  if (shape.rank() != 4) {
    return InvalidArgumentError("needs a picture [N, H, W, C], not " + shape.ToString());
  }
  return OkStatus();
}

Status CheckBias(std::span<const GraphTensor* const> inputs, int64_t channels) {
  if (inputs.size() < 3) {
    return OkStatus();
  }
  if (!inputs[2]->is_constant() ||
      inputs[2]->shape.element_count() != static_cast<uint64_t>(channels)) {
    return InvalidArgumentError("the bias is not a constant of " + std::to_string(channels) +
                                " elements");
  }
  return OkStatus();
}

struct Axis {
  int64_t size;
  int32_t kernel, stride, dilation, before, after;
};

Axis RowsOf(const Shape& picture, const WindowAttributes& w) {
  return {picture[1], w.kernel_height, w.stride_height, w.dilation_height, w.pad_top, w.pad_bottom};
}

Axis ColumnsOf(const Shape& picture, const WindowAttributes& w) {
  return {picture[2], w.kernel_width, w.stride_width, w.dilation_width, w.pad_left, w.pad_right};
}

Result<int64_t> Slide(const Axis& axis) {
  const int64_t extent = int64_t{axis.kernel - 1} * axis.dilation + 1;
  const int64_t room = axis.size + axis.before + axis.after - extent;
  if (room < 0 || axis.before >= extent || axis.after >= extent) {
    return InvalidArgumentError("a window of " + std::to_string(extent) + " does not fit in " +
                                std::to_string(axis.size) + " with paddings " +
                                std::to_string(axis.before) + " and " + std::to_string(axis.after));
  }
  return room / axis.stride + 1;
}

// The transposed window must be able to reach every output place the file declares.
Status CheckGrow(const Axis& axis, int64_t declared) {
  const int64_t full = (axis.size - 1) * axis.stride + axis.kernel;
  if (axis.dilation != 1 || axis.before >= axis.kernel || axis.after >= axis.kernel ||
      declared < 1 || declared > full + axis.stride - axis.before) {
    return InvalidArgumentError("an output of " + std::to_string(declared) +
                                " does not come from an input of " + std::to_string(axis.size));
  }
  return OkStatus();
}

Result<Shape> InferConvolution(const GraphOp& op,
                               const WindowAttributes& window,
                               std::span<const GraphTensor* const> inputs) {
  const Shape& picture = inputs[0]->shape;
  const Shape& weights = inputs[1]->shape;
  if (weights.rank() != 4 || !inputs[1]->is_constant()) {
    return InvalidArgumentError("the weights are not a constant of 4 dimensions");
  }
  const bool depthwise = op.kind == OpKind::kDepthwiseConv2d;
  const int64_t channels = depthwise ? weights[3] : weights[0];
  const bool fits = depthwise
                        ? weights[0] == 1 && channels % picture[3] == 0
                        : weights[3] * window.groups == picture[3] && channels % window.groups == 0;
  if (!fits || weights[1] != window.kernel_height || weights[2] != window.kernel_width) {
    return InvalidArgumentError("weights " + weights.ToString() + " do not fit the input " +
                                picture.ToString());
  }
  PLUMB_RETURN_IF_ERROR(CheckBias(inputs, channels));
  PLUMB_ASSIGN_OR_RETURN(const int64_t height, Slide(RowsOf(picture, window)));
  PLUMB_ASSIGN_OR_RETURN(const int64_t width, Slide(ColumnsOf(picture, window)));
  return Shape::Create(std::array{picture[0], height, width, channels});
}

Result<Shape> InferTransposed(const WindowAttributes& window,
                              std::span<const GraphTensor* const> inputs,
                              const Shape& declared) {
  const Shape& picture = inputs[0]->shape;
  const Shape& weights = inputs[1]->shape;
  PLUMB_RETURN_IF_ERROR(CheckPicture(declared));
  if (weights.rank() != 4 || !inputs[1]->is_constant() || weights[3] != picture[3] ||
      weights[1] != window.kernel_height || weights[2] != window.kernel_width) {
    return InvalidArgumentError("weights " + weights.ToString() + " do not fit the input " +
                                picture.ToString());
  }
  PLUMB_RETURN_IF_ERROR(CheckBias(inputs, weights[0]));
  PLUMB_RETURN_IF_ERROR(CheckGrow(RowsOf(picture, window), declared[1]));
  PLUMB_RETURN_IF_ERROR(CheckGrow(ColumnsOf(picture, window), declared[2]));
  return Shape::Create(std::array{picture[0], declared[1], declared[2], weights[0]});
}

// TFLite keeps the leading dimensions or flattens them; both hold rows of `out` elements.
Result<Shape> InferFullyConnected(std::span<const GraphTensor* const> inputs,
                                  const Shape& declared) {
  const Shape& weights = inputs[1]->shape;
  if (weights.rank() != 2 || !inputs[1]->is_constant()) {
    return InvalidArgumentError("the weights are not a constant [out, in]");
  }
  PLUMB_RETURN_IF_ERROR(CheckBias(inputs, weights[0]));
  const uint64_t elements = inputs[0]->shape.element_count().value_or(1);
  const auto depth = static_cast<uint64_t>(weights[1]);
  const std::optional<uint64_t> results =
      CheckedMul(elements / depth, static_cast<uint64_t>(weights[0]));
  if (elements % depth != 0 || declared.element_count() != results ||
      declared.innermost() != weights[0]) {
    return InvalidArgumentError("weights " + weights.ToString() + " do not make " +
                                declared.ToString() + " of " + inputs[0]->shape.ToString());
  }
  return declared;
}

}  // namespace

Result<Shape> InferWindowShape(const GraphOp& op,
                               std::span<const GraphTensor* const> inputs,
                               const Shape& declared) {
  if (op.kind == OpKind::kFullyConnected) {
    return InferFullyConnected(inputs, declared);
  }
  const auto* window = std::get_if<WindowAttributes>(&op.attributes);
  if (window == nullptr) {
    return InvalidArgumentError("has no window");
  }
  PLUMB_RETURN_IF_ERROR(CheckWindow(*window));
  const Shape& picture = inputs[0]->shape;
  PLUMB_RETURN_IF_ERROR(CheckPicture(picture));
  if (op.kind == OpKind::kTransposeConv2d) {
    return InferTransposed(*window, inputs, declared);
  }
  if (op.kind == OpKind::kConv2d || op.kind == OpKind::kDepthwiseConv2d) {
    return InferConvolution(op, *window, inputs);
  }
  PLUMB_ASSIGN_OR_RETURN(const int64_t height, Slide(RowsOf(picture, *window)));
  PLUMB_ASSIGN_OR_RETURN(const int64_t width, Slide(ColumnsOf(picture, *window)));
  return Shape::Create(std::array{picture[0], height, width, picture[3]});
}

}  // namespace plumb::npu
