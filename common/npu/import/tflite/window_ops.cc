#include <algorithm>
#include <array>

#include "common/npu/import/tflite/ops.h"

namespace plumb::npu::tflite {
namespace {

struct AxisPadding {
  int32_t before = 0;
  int32_t after = 0;
};

struct AxisWindow {
  int64_t input, kernel, stride, dilation;
};

Result<Padding> ReadPadding(const OperatorView& op) {
  PLUMB_ASSIGN_OR_RETURN(const int8_t padding, op.Option<int8_t>(0, 0));
  if (padding != static_cast<int8_t>(Padding::kSame) &&
      padding != static_cast<int8_t>(Padding::kValid)) {
    return InvalidArgumentError("has the padding scheme " + std::to_string(padding));
  }
  return static_cast<Padding>(padding);
}

Result<AxisPadding> SplitPadding(int64_t total) {
  constexpr int64_t kMaxPadding = 1 << 16;
  total = std::max<int64_t>(total, 0);
  if (total > kMaxPadding) {
    return InvalidArgumentError("needs a padding of " + std::to_string(total));
  }
  const auto before = static_cast<int32_t>(total / 2);
  return AxisPadding{before, static_cast<int32_t>(total) - before};
}

// SAME: the output is ceil(input / stride); what is missing is split, the odd place after the data.
Result<AxisPadding> PaddingOf(Padding padding, const AxisWindow& axis) {
  if (axis.stride < 1 || axis.kernel < 1 || axis.dilation < 1) {
    return InvalidArgumentError("has a kernel, stride or dilation below 1");
  }
  if (padding == Padding::kValid) {
    return AxisPadding{};
  }
  const int64_t output = (axis.input + axis.stride - 1) / axis.stride;
  return SplitPadding((output - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1 -
                      axis.input);
}

Status PadWindow(Padding padding, const Shape& picture, WindowAttributes& window) {
  PLUMB_ASSIGN_OR_RETURN(
      const AxisPadding rows,
      PaddingOf(padding,
                {picture[1], window.kernel_height, window.stride_height, window.dilation_height}));
  PLUMB_ASSIGN_OR_RETURN(
      const AxisPadding columns,
      PaddingOf(padding,
                {picture[2], window.kernel_width, window.stride_width, window.dilation_width}));
  window.pad_top = rows.before;
  window.pad_bottom = rows.after;
  window.pad_left = columns.before;
  window.pad_right = columns.after;
  return OkStatus();
}

Status ReadStrides(const OperatorView& op, WindowAttributes& window) {
  PLUMB_ASSIGN_OR_RETURN(window.stride_width, op.Option<int32_t>(1, 0));
  PLUMB_ASSIGN_OR_RETURN(window.stride_height, op.Option<int32_t>(2, 0));
  return OkStatus();
}

Status ReadDilations(const OperatorView& op, uint32_t field, WindowAttributes& window) {
  PLUMB_ASSIGN_OR_RETURN(window.dilation_width, op.Option<int32_t>(field, 1));
  PLUMB_ASSIGN_OR_RETURN(window.dilation_height, op.Option<int32_t>(field + 1, 1));
  return OkStatus();
}

void TakeKernel(const Shape& weights, WindowAttributes& window) {
  window.kernel_height = static_cast<int32_t>(weights[1]);
  window.kernel_width = static_cast<int32_t>(weights[2]);
}

// What a transposed convolution crops from its full size, as TFLite splits it.
Status CropOutput(const OperatorView& op, size_t picture_index, WindowAttributes& window) {
  PLUMB_ASSIGN_OR_RETURN(const Shape picture, op.Picture(picture_index));
  const Shape& output = op.Output().graph.shape;
  if (output.rank() != 4) {
    return InvalidArgumentError("makes " + output.ToString() + ", not a picture");
  }
  const int64_t rows = (picture[1] - 1) * window.stride_height + window.kernel_height - output[1];
  const int64_t columns = (picture[2] - 1) * window.stride_width + window.kernel_width - output[2];
  PLUMB_ASSIGN_OR_RETURN(const AxisPadding vertical, SplitPadding(rows));
  PLUMB_ASSIGN_OR_RETURN(const AxisPadding horizontal, SplitPadding(columns));
  window.pad_top = vertical.before;
  window.pad_bottom = vertical.after;
  window.pad_left = horizontal.before;
  window.pad_right = horizontal.after;
  return OkStatus();
}

// The window of a convolution over operand 0 with the weights of operand 1.
Result<WindowAttributes> ReadConvolution(const OperatorView& op, uint32_t dilation_field) {
  PLUMB_ASSIGN_OR_RETURN(const Shape picture, op.Picture(0));
  PLUMB_ASSIGN_OR_RETURN(const Shape weights, op.Picture(1));
  PLUMB_ASSIGN_OR_RETURN(const Padding padding, ReadPadding(op));
  WindowAttributes window;
  TakeKernel(weights, window);
  PLUMB_RETURN_IF_ERROR(ReadStrides(op, window));
  PLUMB_RETURN_IF_ERROR(ReadDilations(op, dilation_field, window));
  PLUMB_RETURN_IF_ERROR(PadWindow(padding, picture, window));
  return window;
}

// How many times narrower the weights are than the picture.
Result<int32_t> CountGroups(const OperatorView& op) {
  PLUMB_ASSIGN_OR_RETURN(const Shape picture, op.Picture(0));
  PLUMB_ASSIGN_OR_RETURN(const Shape weights, op.Picture(1));
  if (weights[3] < 1 || picture[3] % weights[3] != 0) {
    return InvalidArgumentError("weights " + weights.ToString() + " do not fit the input " +
                                picture.ToString());
  }
  return static_cast<int32_t>(picture[3] / weights[3]);
}

Result<WindowAttributes> ReadTransposedConvolution(const OperatorView& op) {
  PLUMB_ASSIGN_OR_RETURN(const Shape weights, op.Picture(1));
  WindowAttributes window;
  TakeKernel(weights, window);
  PLUMB_RETURN_IF_ERROR(ReadStrides(op, window));
  PLUMB_RETURN_IF_ERROR(CropOutput(op, 2, window));
  return window;
}

}  // namespace

Status ConvertConv2d(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(WindowAttributes window, ReadConvolution(op, 4));
  PLUMB_ASSIGN_OR_RETURN(window.groups, CountGroups(op));
  converted.attributes = window;
  PLUMB_ASSIGN_OR_RETURN(converted.activation, op.FusedActivation(3));
  return op.TakeFirst(3, converted);
}

Status ConvertDepthwiseConv2d(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(converted.attributes, ReadConvolution(op, 5));
  PLUMB_ASSIGN_OR_RETURN(converted.activation, op.FusedActivation(4));
  return op.TakeFirst(3, converted);
}

// Operands: output shape, weights, picture, bias.
Status ConvertTransposeConv(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(converted.attributes, ReadTransposedConvolution(op));
  PLUMB_ASSIGN_OR_RETURN(converted.activation, op.FusedActivation(3));
  PLUMB_RETURN_IF_ERROR(op.Take(2, converted));
  PLUMB_RETURN_IF_ERROR(op.Take(1, converted));
  return op.operand_count() > 3 ? op.Take(3, converted) : OkStatus();
}

// Its options are the C struct {padding, stride_width, stride_height} of 32-bit numbers; the
// declared output shape already says what the padding would.
Status ConvertTransposeConvBias(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(const Shape weights, op.Picture(1));
  std::array<int32_t, 3> options{};
  if (op.custom_options().size() < sizeof(options)) {
    return InvalidArgumentError("has custom options of " +
                                std::to_string(op.custom_options().size()) +
                                " bytes instead of 12");
  }
  std::memcpy(options.data(), op.custom_options().data(), sizeof(options));
  WindowAttributes window;
  TakeKernel(weights, window);
  window.stride_width = options[1];
  window.stride_height = options[2];
  PLUMB_RETURN_IF_ERROR(CropOutput(op, 0, window));
  converted.attributes = window;
  return op.TakeFirst(3, converted);
}

Status ConvertFullyConnected(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(converted.activation, op.FusedActivation(0));
  PLUMB_ASSIGN_OR_RETURN(const int8_t weights_format, op.Option<int8_t>(1, 0));
  if (weights_format != 0) {
    return UnimplementedError("has shuffled weights").WithHint("export with default weights");
  }
  return op.TakeFirst(3, converted);
}

Status ConvertPool2d(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(const Shape picture, op.Picture(0));
  PLUMB_ASSIGN_OR_RETURN(const Padding padding, ReadPadding(op));
  WindowAttributes window;
  PLUMB_RETURN_IF_ERROR(ReadStrides(op, window));
  PLUMB_ASSIGN_OR_RETURN(window.kernel_width, op.Option<int32_t>(3, 0));
  PLUMB_ASSIGN_OR_RETURN(window.kernel_height, op.Option<int32_t>(4, 0));
  PLUMB_RETURN_IF_ERROR(PadWindow(padding, picture, window));
  converted.attributes = window;
  PLUMB_ASSIGN_OR_RETURN(converted.activation, op.FusedActivation(5));
  return op.TakeFirst(1, converted);
}

}  // namespace plumb::npu::tflite
