// Which nodes keep their meaning when their numbers are float32, whatever the file calls them.
#pragma once

#include "common/npu/import/onnx/ops.h"

namespace plumb::npu::onnx {

// Types of graph inputs: every real, integer and bool. Reals of other widths are computed in
// float32. Integers and bools (0 and 1) are exact in it up to 2^24, which the caller's data must
// keep to.
bool IsNumber(DataType type);
bool IsReal(DataType type);

// kUnimplemented for a computed integer operand of an operation that may leave 2^24 or wraps
// around in the file's type, and for an operation that operator sets 1 to 6 mean in another way.
Status CheckMeaning(const NodeView& node);

// What the file calls the outputs of a node that CheckMeaning accepts.
DataType ResultType(const NodeView& node);

}  // namespace plumb::npu::onnx
