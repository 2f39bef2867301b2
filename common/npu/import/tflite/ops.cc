#include "common/npu/import/tflite/ops.h"

#include <algorithm>
#include <string_view>

#include "common/base/text.h"
#include "common/npu/import/tflite/names.h"

namespace plumb::npu::tflite {
namespace {

constexpr std::string_view kTransposeConvBias = "Convolution2DTransposeBias";

Status ConvertUnary(const OperatorView& op, ConvertedOp& converted) {
  return op.TakeFirst(1, converted);
}

Status ConvertPrelu(const OperatorView& op, ConvertedOp& converted) {
  return op.TakeFirst(2, converted);
}

Status ConvertArithmetic(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(converted.activation, op.FusedActivation(0));
  return op.TakeFirst(2, converted);
}

Status ConvertLeakyRelu(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(const float slope, op.Option<float>(0, 0));
  converted.attributes = LeakyReluAttributes{slope};
  return op.TakeFirst(1, converted);
}

Status ConvertSoftmax(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(const float beta, op.Option<float>(0, 0));
  if (!(beta > 0) || !(beta < 1e6F)) {
    return InvalidArgumentError("has a beta of " + std::to_string(beta));
  }
  converted.attributes = SoftmaxAttributes{beta};
  return op.TakeFirst(1, converted);
}

Result<int32_t> NormaliseAxis(int32_t axis, size_t rank) {
  const auto count = static_cast<int32_t>(rank);
  if (axis < -count || axis >= count) {
    return InvalidArgumentError("names axis " + std::to_string(axis) + " of " +
                                std::to_string(rank));
  }
  return axis < 0 ? axis + count : axis;
}

Status ConvertConcat(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(const int32_t axis, op.Option<int32_t>(0, 0));
  PLUMB_ASSIGN_OR_RETURN(const int32_t normal, NormaliseAxis(axis, op.Output().graph.shape.rank()));
  converted.attributes = ConcatAttributes{normal};
  PLUMB_ASSIGN_OR_RETURN(converted.activation, op.FusedActivation(1));
  return op.TakeFirst(op.operand_count(), converted);
}

Status ConvertReduce(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(const FileTensor* const input, op.Operand(0));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int32_t> axes, op.Steering(1));
  PLUMB_ASSIGN_OR_RETURN(const uint8_t keep_dims, op.Option<uint8_t>(0, 0));
  ReduceAttributes reduce;
  reduce.keep_dims = keep_dims != 0;
  for (const int32_t axis : axes) {
    PLUMB_ASSIGN_OR_RETURN(const int32_t normal, NormaliseAxis(axis, input->graph.shape.rank()));
    reduce.axes.push_back(normal);
  }
  std::sort(reduce.axes.begin(), reduce.axes.end());
  reduce.axes.erase(std::unique(reduce.axes.begin(), reduce.axes.end()), reduce.axes.end());
  converted.attributes = reduce;
  return op.TakeFirst(1, converted);
}

Status ConvertPad(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int32_t> pairs, op.Steering(1));
  PadAttributes pad;
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    pad.before.push_back(pairs[i]);
    pad.after.push_back(pairs[i + 1]);
  }
  converted.attributes = pad;
  return op.TakeFirst(1, converted);
}

Status ConvertTranspose(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(const FileTensor* const input, op.Operand(0));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int32_t> axes, op.Steering(1));
  TransposeAttributes transpose;
  for (const int32_t axis : axes) {
    PLUMB_ASSIGN_OR_RETURN(const int32_t normal, NormaliseAxis(axis, input->graph.shape.rank()));
    transpose.permutation.push_back(normal);
  }
  converted.attributes = transpose;
  return op.TakeFirst(1, converted);
}

Status ConvertResize(const OperatorView& op, ConvertedOp& converted) {
  const uint32_t first = converted.kind == OpKind::kResizeBilinear ? 2 : 0;
  PLUMB_ASSIGN_OR_RETURN(const uint8_t align_corners, op.Option<uint8_t>(first, 0));
  PLUMB_ASSIGN_OR_RETURN(const uint8_t half_pixel_centers, op.Option<uint8_t>(first + 1, 0));
  converted.attributes = ResizeAttributes{align_corners != 0, half_pixel_centers != 0};
  return op.TakeFirst(1, converted);
}

Status ConvertDepthToSpace(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(const int32_t block, op.Option<int32_t>(0, 0));
  converted.attributes = DepthToSpaceAttributes{block};
  return op.TakeFirst(1, converted);
}

struct SliceMasks {
  int32_t begin = 0, end = 0, shrink = 0;
};

Result<SliceMasks> ReadSliceMasks(const OperatorView& op) {
  SliceMasks masks;
  PLUMB_ASSIGN_OR_RETURN(masks.begin, op.Option<int32_t>(0, 0));
  PLUMB_ASSIGN_OR_RETURN(masks.end, op.Option<int32_t>(1, 0));
  PLUMB_ASSIGN_OR_RETURN(const int32_t ellipsis, op.Option<int32_t>(2, 0));
  PLUMB_ASSIGN_OR_RETURN(const int32_t new_axis, op.Option<int32_t>(3, 0));
  PLUMB_ASSIGN_OR_RETURN(masks.shrink, op.Option<int32_t>(4, 0));
  if (ellipsis != 0 || new_axis != 0) {
    return UnimplementedError("slices with an ellipsis or a new axis");
  }
  return masks;
}

struct SliceAxis {
  int64_t size, begin, end, stride;
};

// One axis of a slice with its masks applied and its bounds wrapped and clamped as numpy does.
Result<SliceAxis> ResolveSlice(SliceAxis axis, const SliceMasks& masks, size_t index) {
  const int32_t bit = int32_t{1} << index;
  const auto wrap = [&axis](int64_t place) { return place < 0 ? place + axis.size : place; };
  if (axis.stride < 1) {
    return UnimplementedError("slices with a stride of " + std::to_string(axis.stride));
  }
  axis.begin = (masks.begin & bit) != 0 ? 0 : std::clamp<int64_t>(wrap(axis.begin), 0, axis.size);
  axis.end = (masks.end & bit) != 0 ? axis.size : std::clamp<int64_t>(wrap(axis.end), 0, axis.size);
  if ((masks.shrink & bit) != 0) {
    axis.end = axis.begin + 1;
    axis.stride = 1;
  }
  return axis;
}

Status ConvertStridedSlice(const OperatorView& op, ConvertedOp& converted) {
  PLUMB_ASSIGN_OR_RETURN(const FileTensor* const input, op.Operand(0));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int32_t> begins, op.Steering(1));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int32_t> ends, op.Steering(2));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int32_t> strides, op.Steering(3));
  PLUMB_ASSIGN_OR_RETURN(const SliceMasks masks, ReadSliceMasks(op));
  const Shape& shape = input->graph.shape;
  if (begins.size() != shape.rank() || ends.size() != shape.rank() ||
      strides.size() != shape.rank()) {
    return UnimplementedError("does not slice every axis of " + shape.ToString());
  }
  StridedSliceAttributes slice;
  for (size_t i = 0; i < shape.rank(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const SliceAxis axis,
                           ResolveSlice({shape[i], begins[i], ends[i], strides[i]}, masks, i));
    const int64_t size = (axis.end - axis.begin + axis.stride - 1) / axis.stride;
    slice.begin.push_back(static_cast<int32_t>(axis.begin));
    slice.stride.push_back(static_cast<int32_t>(axis.stride));
    slice.size.push_back(static_cast<int32_t>(size));
  }
  converted.attributes = slice;
  return op.TakeFirst(1, converted);
}

struct Converter {
  Builtin code;
  OpKind kind;
  Status (*convert)(const OperatorView& op, ConvertedOp& converted);
};

constexpr Converter kConverters[] = {
    {Builtin::kAbs, OpKind::kAbs, ConvertUnary},
    {Builtin::kAdd, OpKind::kAdd, ConvertArithmetic},
    {Builtin::kAveragePool2d, OpKind::kAveragePool2d, ConvertPool2d},
    {Builtin::kConcatenation, OpKind::kConcat, ConvertConcat},
    {Builtin::kConv2d, OpKind::kConv2d, ConvertConv2d},
    // A sparse constant is dense since it was read.
    {Builtin::kDensify, OpKind::kDequantize, ConvertUnary},
    {Builtin::kDepthToSpace, OpKind::kDepthToSpace, ConvertDepthToSpace},
    {Builtin::kDepthwiseConv2d, OpKind::kDepthwiseConv2d, ConvertDepthwiseConv2d},
    {Builtin::kDequantize, OpKind::kDequantize, ConvertUnary},
    {Builtin::kDiv, OpKind::kDiv, ConvertArithmetic},
    {Builtin::kExp, OpKind::kExp, ConvertUnary},
    {Builtin::kExpandDims, OpKind::kReshape, ConvertUnary},
    {Builtin::kFullyConnected, OpKind::kFullyConnected, ConvertFullyConnected},
    {Builtin::kHardSwish, OpKind::kHardSwish, ConvertUnary},
    {Builtin::kLeakyRelu, OpKind::kLeakyRelu, ConvertLeakyRelu},
    {Builtin::kLogistic, OpKind::kLogistic, ConvertUnary},
    {Builtin::kMaxPool2d, OpKind::kMaxPool2d, ConvertPool2d},
    {Builtin::kMean, OpKind::kMean, ConvertReduce},
    {Builtin::kMul, OpKind::kMul, ConvertArithmetic},
    {Builtin::kNeg, OpKind::kNeg, ConvertUnary},
    {Builtin::kPad, OpKind::kPad, ConvertPad},
    {Builtin::kPrelu, OpKind::kPrelu, ConvertPrelu},
    {Builtin::kQuantize, OpKind::kQuantize, ConvertUnary},
    {Builtin::kReduceMax, OpKind::kReduceMax, ConvertReduce},
    {Builtin::kRelu, OpKind::kRelu, ConvertUnary},
    {Builtin::kRelu6, OpKind::kRelu6, ConvertUnary},
    {Builtin::kReluN1To1, OpKind::kReluN1To1, ConvertUnary},
    {Builtin::kReshape, OpKind::kReshape, ConvertUnary},
    {Builtin::kResizeBilinear, OpKind::kResizeBilinear, ConvertResize},
    {Builtin::kResizeNearestNeighbor, OpKind::kResizeNearest, ConvertResize},
    {Builtin::kSoftmax, OpKind::kSoftmax, ConvertSoftmax},
    {Builtin::kSqueeze, OpKind::kReshape, ConvertUnary},
    {Builtin::kStridedSlice, OpKind::kStridedSlice, ConvertStridedSlice},
    {Builtin::kSub, OpKind::kSub, ConvertArithmetic},
    {Builtin::kSum, OpKind::kSum, ConvertReduce},
    {Builtin::kTanh, OpKind::kTanh, ConvertUnary},
    {Builtin::kTranspose, OpKind::kTranspose, ConvertTranspose},
    {Builtin::kTransposeConv, OpKind::kTransposeConv2d, ConvertTransposeConv},
};

const Converter* FindConverter(const FileOperator& op) {
  static constexpr Converter kTransposeBias = {
      Builtin::kCustom, OpKind::kTransposeConv2d, ConvertTransposeConvBias};
  if (op.code == Builtin::kCustom) {
    return op.custom_code == kTransposeConvBias ? &kTransposeBias : nullptr;
  }
  for (const Converter& converter : kConverters) {
    if (converter.code == op.code) {
      return &converter;
    }
  }
  return nullptr;
}

}  // namespace

Result<const FileTensor*> OperatorView::Operand(size_t index) const {
  if (index >= op_.inputs.size() || op_.inputs[index] < 0) {
    return InvalidArgumentError("has no operand " + std::to_string(index));
  }
  return &file_.tensors[static_cast<size_t>(op_.inputs[index])];
}

const FileTensor& OperatorView::Output() const {
  return file_.tensors[static_cast<size_t>(op_.outputs.front())];
}

Result<Shape> OperatorView::Picture(size_t index) const {
  PLUMB_ASSIGN_OR_RETURN(const FileTensor* const tensor, Operand(index));
  if (tensor->graph.shape.rank() != 4) {
    return InvalidArgumentError("operand " + std::to_string(index) + " is " +
                                tensor->graph.shape.ToString() + " instead of 4 dimensions");
  }
  return tensor->graph.shape;
}

Result<std::vector<int32_t>> OperatorView::Steering(size_t index) const {
  PLUMB_ASSIGN_OR_RETURN(const FileTensor* const tensor, Operand(index));
  return SteeringValues(*tensor);
}

Status OperatorView::Take(size_t index, ConvertedOp& converted) const {
  if (index >= op_.inputs.size()) {
    return InvalidArgumentError("has no operand " + std::to_string(index));
  }
  if (op_.inputs[index] >= 0) {
    converted.operands.push_back(op_.inputs[index]);
  }
  return OkStatus();
}

Status OperatorView::TakeFirst(size_t count, ConvertedOp& converted) const {
  for (size_t i = 0; i < std::min(count, op_.inputs.size()); ++i) {
    PLUMB_RETURN_IF_ERROR(Take(i, converted));
  }
  return OkStatus();
}

Result<Activation> OperatorView::FusedActivation(uint32_t field) const {
  PLUMB_ASSIGN_OR_RETURN(const int8_t code, Option<int8_t>(field, 0));
  switch (code) {
    case 0:
      return Activation::kNone;
    case 1:
      return Activation::kRelu;
    case 2:
      return Activation::kReluN1To1;
    case 3:
      return Activation::kRelu6;
    default:
      return UnimplementedError("has the fused activation " + std::to_string(code) +
                                "; NONE, RELU, RELU6 and RELU_N1_TO_1 are supported");
  }
}

Result<ConvertedOp> ConvertOperator(const File& file, const FileOperator& op) {
  const Converter* converter = FindConverter(op);
  if (converter == nullptr) {
    return UnimplementedError("is not supported")
        .WithHint("supported operations: " + Join(SupportedOperatorNames(), ", "));
  }
  ConvertedOp converted;
  converted.kind = converter->kind;
  PLUMB_RETURN_IF_ERROR(converter->convert(OperatorView(file, op), converted));
  return converted;
}

std::string OperatorName(const FileOperator& op) {
  if (op.code == Builtin::kCustom) {
    return "custom operation '" + EscapeForDisplay(op.custom_code.substr(0, 64)) + "'";
  }
  return BuiltinName(op.code);
}

std::vector<std::string> SupportedOperatorNames() {
  std::vector<std::string> names;
  for (const Converter& converter : kConverters) {
    names.push_back(BuiltinName(converter.code));
  }
  names.emplace_back(kTransposeConvBias);
  return names;
}

}  // namespace plumb::npu::tflite
