// ONNX's Resize and Upsample as the resizes that the graph has.
#pragma once

#include "common/npu/import/onnx_ops.h"

namespace plumb::npu::onnx {

struct ResizePlan {
  OpKind kind = OpKind::kResizeNearest;
  ResizeAttributes attributes;
  Shape output;  // [N, C, H, W]
};

// kUnimplemented for modes whose places differ from those of every resize of the graph. Nearest
// modes are compared place by place, so whatever rounds alike at these sizes is taken.
Result<ResizePlan> PlanResize(const NodeView& node, const Shape& input);

}  // namespace plumb::npu::onnx
