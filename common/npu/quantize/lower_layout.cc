#include "common/npu/model/freeze.h"
#include "common/npu/quantize/lowering.h"

namespace plumb::npu {
namespace {

template <class Attributes>
const Attributes& Get(const LoweringContext& context) {
  return std::get<Attributes>(context.op->attributes);
}

Result<OpAttributes> LowerConcat(const LoweringContext& context) {
  Concat concat;
  concat.axis = Get<ConcatAttributes>(context).axis;
  for (const FixedTensor* input : context.inputs) {
    Multiplier multiplier{1, 0};
    if (input->scale != context.output->scale) {
      PLUMB_ASSIGN_OR_RETURN(multiplier, FreezeMultiplier(input->scale / context.output->scale));
    }
    concat.multipliers.push_back(multiplier);
  }
  concat.clamp = ClampOf(*context.output, BoundsOf(context.op->activation));
  return OpAttributes(std::move(concat));
}

// What the input's scheme cannot hold (the lowest of all numbers before a MAX_POOL) saturates.
Pad LowerPad(const LoweringContext& context) {
  const auto& pad = Get<PadAttributes>(context);
  return {pad.before, ClampOf(*context.inputs[0], {pad.value, pad.value}).low};
}

OpAttributes LowerResize(const LoweringContext& context) {
  const auto& resize = Get<ResizeAttributes>(context);
  const Shape& input = context.inputs[0]->shape;
  const Shape& output = context.output->shape;
  const auto size = [](const Shape& shape, size_t axis) {
    return static_cast<int32_t>(shape[axis]);
  };
  const bool corners = resize.align_corners;
  const bool centers = resize.half_pixel_centers;
  if (context.op->kind == OpKind::kResizeBilinear) {
    return ResizeBilinear{FreezeBilinearTaps(size(input, 1), size(output, 1), corners, centers),
                          FreezeBilinearTaps(size(input, 2), size(output, 2), corners, centers)};
  }
  return ResizeNearest{FreezeNearestIndices(size(input, 1), size(output, 1), corners, centers),
                       FreezeNearestIndices(size(input, 2), size(output, 2), corners, centers)};
}

}  // namespace

Result<OpAttributes> LowerLayoutOp(const LoweringContext& context) {
  switch (context.op->kind) {
    case OpKind::kConcat:
      return LowerConcat(context);
    case OpKind::kPad:
      return OpAttributes(LowerPad(context));
    case OpKind::kReshape:
      return OpAttributes(Reshape{});
    case OpKind::kTranspose:
      return OpAttributes(Transpose{Get<TransposeAttributes>(context).permutation});
    case OpKind::kDepthToSpace:
      return OpAttributes(DepthToSpace{Get<DepthToSpaceAttributes>(context).block});
    case OpKind::kStridedSlice: {
      const auto& slice = Get<StridedSliceAttributes>(context);
      return OpAttributes(StridedSlice{slice.begin, slice.stride});
    }
    default:
      return LowerResize(context);
  }
}

Result<OpAttributes> LowerOp(const LoweringContext& context) {
  switch (context.op->kind) {
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kTransposeConv2d:
    case OpKind::kFullyConnected:
    case OpKind::kMaxPool2d:
    case OpKind::kAveragePool2d:
    case OpKind::kMean:
    case OpKind::kSum:
      return LowerWindowOp(context);
    case OpKind::kConcat:
    case OpKind::kPad:
    case OpKind::kReshape:
    case OpKind::kTranspose:
    case OpKind::kResizeBilinear:
    case OpKind::kResizeNearest:
    case OpKind::kDepthToSpace:
    case OpKind::kStridedSlice:
      return LowerLayoutOp(context);
    default:
      return LowerPointwiseOp(context);
  }
}

}  // namespace plumb::npu
