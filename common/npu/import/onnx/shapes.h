// The arithmetic of shapes and slices that converters and folding share.
#pragma once

#include <vector>

#include "common/npu/import/onnx/ops.h"

namespace plumb::npu::onnx {

// What Reshape, Flatten, Squeeze and Unsqueeze make of `input`; kInvalidArgument when it does not
// have as many elements.
Result<Shape> ReshapedShape(const NodeView& node, const Shape& input);

// Places begin, begin + step, … of an axis, `size` of them (may be 0); step may be negative.
struct SliceAxis {
  int64_t begin = 0;
  int64_t step = 1;
  int64_t size = 0;
};

// One for each axis of `input`, wrapped and clamped as ONNX says, from the node's attributes or
// operands.
Result<std::vector<SliceAxis>> ReadSlices(const NodeView& node, const Shape& input);

// The permutation of a Transpose node of `rank` axes.
Result<std::vector<int32_t>> ReadPermutation(const NodeView& node, size_t rank);

}  // namespace plumb::npu::onnx
