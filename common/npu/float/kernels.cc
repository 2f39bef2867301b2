#include "common/npu/float/kernels.h"

namespace plumb::npu {
namespace {

FloatKernel WindowKernelFor(OpKind kind) {
  switch (kind) {
    case OpKind::kConv2d:
      return Conv2dFloat;
    case OpKind::kDepthwiseConv2d:
      return DepthwiseConv2dFloat;
    case OpKind::kTransposeConv2d:
      return TransposeConv2dFloat;
    case OpKind::kFullyConnected:
      return FullyConnectedFloat;
    case OpKind::kBatchMatMul:
      return BatchMatMulFloat;
    case OpKind::kMaxPool2d:
      return MaxPool2dFloat;
    case OpKind::kAveragePool2d:
      return AveragePool2dFloat;
    case OpKind::kMean:
    case OpKind::kSum:
    case OpKind::kReduceMax:
    case OpKind::kReduceMin:
    case OpKind::kReduceProd:
      return ReduceFloat;
    case OpKind::kArgMax:
    case OpKind::kArgMin:
      return ArgFloat;
    default:
      return nullptr;
  }
}

FloatKernel LayoutKernelFor(OpKind kind) {
  switch (kind) {
    case OpKind::kPad:
      return PadFloat;
    case OpKind::kConcat:
      return ConcatFloat;
    case OpKind::kReshape:
    case OpKind::kQuantize:
    case OpKind::kDequantize:
      return CopyFloat;
    case OpKind::kTranspose:
      return TransposeFloat;
    case OpKind::kStridedSlice:
      return StridedSliceFloat;
    case OpKind::kGather:
      return GatherFloat;
    case OpKind::kDepthToSpace:
      return DepthToSpaceFloat;
    case OpKind::kResizeBilinear:
      return ResizeBilinearFloat;
    case OpKind::kResizeNearest:
      return ResizeNearestFloat;
    default:
      return nullptr;
  }
}

FloatKernel PointwiseKernelFor(OpKind kind) {
  switch (kind) {
    case OpKind::kSoftmax:
      return SoftmaxFloat;
    case OpKind::kLogSoftmax:
      return LogSoftmaxFloat;
    case OpKind::kSelect:
      return SelectFloat;
    default:
      break;
  }
  const bool binary = (kind >= OpKind::kAdd && kind <= OpKind::kNotEqual) || kind == OpKind::kPrelu;
  return binary ? BinaryFloat : UnaryFloat;
}

}  // namespace

FloatKernel FloatKernelFor(OpKind kind) {
  if (const FloatKernel window = WindowKernelFor(kind); window != nullptr) {
    return window;
  }
  const FloatKernel layout = LayoutKernelFor(kind);
  return layout != nullptr ? layout : PointwiseKernelFor(kind);
}

}  // namespace plumb::npu
