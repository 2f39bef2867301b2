// ONNX's Resize and Upsample as the resizes that the graph has.
#pragma once

#include "common/npu/import/onnx/ops.h"

namespace plumb::npu::onnx {

struct ResizePlan {
  OpKind kind = OpKind::kResizeNearest;
  ResizeAttributes attributes;
  Shape output;  // [N, C, H, W]
  // When not empty, no resize of the graph gives these places, but the products with the matrices
  // [output][input] of each side do.
  std::vector<float> rows;
  std::vector<float> columns;
};

// Nearest modes are compared place by place with the graph's, so whatever rounds alike at these
// sizes is one of its resizes. kUnimplemented for tf_crop_and_resize, antialias and resized axes
// other than height and width.
Result<ResizePlan> PlanResize(const NodeView& node, const Shape& input);

}  // namespace plumb::npu::onnx
