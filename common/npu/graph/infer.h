// The output shape that an operation's operands and attributes give, with every relation between
// them checked. Used by ValidateGraph; importers use it for files that do not state shapes.
#pragma once

#include <span>

#include "common/base/status.h"
#include "common/npu/graph/graph.h"

namespace plumb::npu {

// `inputs` are the operands in order; `declared` is the output's shape as the file states it, which
// alone decides kReshape, both resizes and dropped axes of size 1, and is checked to be possible.
// kInvalidArgument says what does not fit; the caller adds which operation.
Result<Shape> InferOutputShape(const GraphOp& op,
                               std::span<const GraphTensor* const> inputs,
                               const Shape& declared);

// The parts of the above, for operations over windows, for those that move elements and for those
// that take many elements to one (and kGather and kBatchMatMul).
Result<Shape> InferWindowShape(const GraphOp& op,
                               std::span<const GraphTensor* const> inputs,
                               const Shape& declared);
Result<Shape> InferLayoutShape(const GraphOp& op,
                               std::span<const GraphTensor* const> inputs,
                               const Shape& declared);
Result<Shape> InferReduceShape(const GraphOp& op, std::span<const GraphTensor* const> inputs);

// The shape two operands broadcast to, as in numpy. kInvalidArgument when they do not.
Result<Shape> BroadcastShape(const Shape& a, const Shape& b);

}  // namespace plumb::npu
