#include "common/npu/model/freeze.h"
#include "common/npu/quantize/lowering.h"

namespace plumb::npu {
namespace {

Window2d WindowOf(const WindowAttributes& from) {
  Window2d window;
  window.kernel_height = from.kernel_height;
  window.kernel_width = from.kernel_width;
  window.stride_height = from.stride_height;
  window.stride_width = from.stride_width;
  window.dilation_height = from.dilation_height;
  window.dilation_width = from.dilation_width;
  window.pad_top = from.pad_top;
  window.pad_left = from.pad_left;
  return window;
}

Result<LinearWeights> FreezeLinear(const LoweringContext& context) {
  const IntegerWeights& weights = *context.weights;
  LinearWeights linear;
  linear.values = weights.values;
  linear.bias = weights.bias;
  for (const double scale : weights.scales) {
    PLUMB_ASSIGN_OR_RETURN(
        const Multiplier multiplier,
        FreezeMultiplier(context.inputs[0]->scale * scale / context.output->scale));
    linear.multipliers.push_back(multiplier);
  }
  return linear;
}

Result<OpAttributes> LowerLinear(const LoweringContext& context, const Clamp& clamp) {
  PLUMB_ASSIGN_OR_RETURN(LinearWeights linear, FreezeLinear(context));
  const GraphOp& op = *context.op;
  if (op.kind == OpKind::kFullyConnected) {
    return OpAttributes(FullyConnected{std::move(linear), clamp});
  }
  const auto& attributes = std::get<WindowAttributes>(op.attributes);
  const Window2d window = WindowOf(attributes);
  if (op.kind == OpKind::kConv2d) {
    return OpAttributes(Conv2d{window, attributes.groups, std::move(linear), clamp});
  }
  if (op.kind == OpKind::kDepthwiseConv2d) {
    return OpAttributes(DepthwiseConv2d{window, std::move(linear), clamp});
  }
  return OpAttributes(TransposeConv2d{window, std::move(linear), clamp});
}

// SUM is the mean times the count.
Result<OpAttributes> LowerMean(const LoweringContext& context, const Clamp& clamp) {
  const auto& attributes = std::get<ReduceAttributes>(context.op->attributes);
  int64_t count = 1;
  for (const int32_t axis : attributes.axes) {
    count *= context.inputs[0]->shape[static_cast<size_t>(axis)];
  }
  PLUMB_ASSIGN_OR_RETURN(
      const Multiplier multiplier,
      FreezePoolMultiplier(context.inputs[0]->scale / context.output->scale *
                               static_cast<double>(context.op->kind == OpKind::kSum ? count : 1),
                           count));
  return OpAttributes(Mean{attributes.axes, multiplier, clamp});
}

}  // namespace

Result<OpAttributes> LowerWindowOp(const LoweringContext& context) {
  const GraphOp& op = *context.op;
  const Clamp clamp = ClampOf(*context.output, BoundsOf(op.activation));
  if (context.weights) {
    return LowerLinear(context, clamp);
  }
  if (op.kind == OpKind::kMean || op.kind == OpKind::kSum) {
    return LowerMean(context, clamp);
  }
  const auto& attributes = std::get<WindowAttributes>(op.attributes);
  const Window2d window = WindowOf(attributes);
  if (op.kind == OpKind::kMaxPool2d) {
    return OpAttributes(MaxPool2d{window, clamp});
  }
  const int64_t area = int64_t{window.kernel_height} * window.kernel_width;
  PLUMB_ASSIGN_OR_RETURN(
      const Multiplier multiplier,
      FreezePoolMultiplier(context.inputs[0]->scale / context.output->scale, area));
  return OpAttributes(AveragePool2d{window, multiplier, clamp});
}

}  // namespace plumb::npu
