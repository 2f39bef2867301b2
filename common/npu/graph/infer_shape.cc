#include <algorithm>
#include <array>

#include "common/npu/graph/infer.h"

namespace plumb::npu {
namespace {

struct Arity {
  size_t least;
  size_t most;
};

Arity ArityOf(OpKind kind) {
  switch (kind) {
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kTransposeConv2d:
    case OpKind::kFullyConnected:
      return {2, 3};
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kDiv:
    case OpKind::kPrelu:
      return {2, 2};
    case OpKind::kConcat:
      return {1, kMaxGraphTensors};
    default:
      return {1, 1};
  }
}

Result<Shape> InferBroadcast(const GraphOp& op, std::span<const GraphTensor* const> inputs) {
  PLUMB_ASSIGN_OR_RETURN(Shape shape, BroadcastShape(inputs[0]->shape, inputs[1]->shape));
  if (op.kind == OpKind::kPrelu && !(shape == inputs[0]->shape)) {
    return InvalidArgumentError("slopes " + inputs[1]->shape.ToString() + " are larger than " +
                                inputs[0]->shape.ToString());
  }
  return shape;
}

}  // namespace

Result<Shape> BroadcastShape(const Shape& a, const Shape& b) {
  const size_t rank = std::max(a.rank(), b.rank());
  std::array<int64_t, Shape::kMaxRank> dims{};
  for (size_t i = 0; i < rank; ++i) {
    const int64_t from_a = i < rank - a.rank() ? 1 : a[i - (rank - a.rank())];
    const int64_t from_b = i < rank - b.rank() ? 1 : b[i - (rank - b.rank())];
    if (from_a != from_b && from_a != 1 && from_b != 1) {
      return InvalidArgumentError("shapes " + a.ToString() + " and " + b.ToString() +
                                  " do not broadcast");
    }
    dims.at(i) = std::max(from_a, from_b);
  }
  return Shape::Create(std::span(dims).first(rank));
}

Result<Shape> InferOutputShape(const GraphOp& op,
                               std::span<const GraphTensor* const> inputs,
                               const Shape& declared) {
  const Arity arity = ArityOf(op.kind);
  if (inputs.size() < arity.least || inputs.size() > arity.most) {
    return InvalidArgumentError("has " + std::to_string(inputs.size()) + " operands instead of " +
                                std::to_string(arity.least));
  }
  switch (op.kind) {
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kTransposeConv2d:
    case OpKind::kFullyConnected:
    case OpKind::kMaxPool2d:
    case OpKind::kAveragePool2d:
      return InferWindowShape(op, inputs, declared);
    case OpKind::kMean:
    case OpKind::kSum:
    case OpKind::kReduceMax:
    case OpKind::kPad:
    case OpKind::kConcat:
    case OpKind::kReshape:
    case OpKind::kTranspose:
    case OpKind::kResizeBilinear:
    case OpKind::kResizeNearest:
    case OpKind::kDepthToSpace:
    case OpKind::kStridedSlice:
      return InferLayoutShape(op, inputs, declared);
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kDiv:
    case OpKind::kPrelu:
      return InferBroadcast(op, inputs);
    case OpKind::kLeakyRelu:
      if (!std::holds_alternative<LeakyReluAttributes>(op.attributes)) {
        return InvalidArgumentError("has no slope");
      }
      break;
    case OpKind::kSoftmax:
      if (!std::holds_alternative<SoftmaxAttributes>(op.attributes) ||
          inputs[0]->shape.rank() == 0) {
        return InvalidArgumentError("has no beta or no axis");
      }
      break;
    default:
      break;
  }
  return inputs[0]->shape;
}

}  // namespace plumb::npu
