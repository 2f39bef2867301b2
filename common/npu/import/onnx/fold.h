// Evaluation of what is known before the network runs: constants and the arithmetic of shapes.
#pragma once

#include <string>
#include <vector>

#include "common/npu/import/onnx/ops.h"

namespace plumb::npu::onnx {

// True when the node's result does not depend on the network's inputs and its operation can be
// evaluated here. Operands that do not exist count as unknown.
bool CanFold(const NodeView& node);

// The node's first output. Shapes are those the tensors have in the file. Integers wrap nowhere:
// an overflow is kInvalidArgument, as is a division by zero.
Result<ConstantPtr> Fold(const NodeView& node);

std::vector<std::string> FoldedOperations();

// The parts of the table: what makes and moves elements, what computes with them, and what makes
// integers of reals and back.
struct NamedFold {
  std::string_view op;
  Result<ConstantPtr> (*fold)(const NodeView& node);
};

std::span<const NamedFold> MovingFolds();
std::span<const NamedFold> ArithmeticFolds();
std::span<const NamedFold> QuantizedFolds();

// An empty constant of `shape`, its elements paid for; reserved, not filled.
Result<std::shared_ptr<Constant>> NewConstant(const NodeView& node,
                                              const Shape& shape,
                                              bool is_float);

}  // namespace plumb::npu::onnx
