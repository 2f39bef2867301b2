// Nodes over lines [N, C, W] as nodes over pictures of one row.
#pragma once

#include "common/npu/import/onnx/ops.h"

namespace plumb::npu::onnx {

// The same Conv, ConvTranspose or pool node with its first operand, its weights and its attributes
// widened to [N, C, 1, W], and one output 'output:picture'. The operands are in the graph.
Result<Node> PictureOfLines(const NodeView& node);

}  // namespace plumb::npu::onnx
