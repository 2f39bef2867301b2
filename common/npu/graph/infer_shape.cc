#include <algorithm>
#include <array>

#include "common/npu/graph/infer.h"

namespace plumb::npu {
namespace {

struct Arity {
  size_t least;
  size_t most;
};

bool IsBinary(OpKind kind) {
  return (kind >= OpKind::kAdd && kind <= OpKind::kNotEqual) || kind == OpKind::kPrelu;
}

Arity ArityOf(OpKind kind) {
  switch (kind) {
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kTransposeConv2d:
    case OpKind::kFullyConnected:
      return {2, 3};
    case OpKind::kBatchMatMul:
      return {2, 2};
    case OpKind::kSelect:
      return {3, 3};
    case OpKind::kConcat:
      return {1, kMaxGraphTensors};
    default:
      return IsBinary(kind) ? Arity{2, 2} : Arity{1, 1};
  }
}

// True when the operation has the attributes that its kind needs, for kinds whose output has the
// input's shape.
bool HasItsAttributes(const GraphOp& op, const Shape& input) {
  switch (op.kind) {
    case OpKind::kLeakyRelu:
      return std::holds_alternative<LeakyReluAttributes>(op.attributes);
    case OpKind::kClip: {
      const auto* clip = std::get_if<ClipAttributes>(&op.attributes);
      return clip != nullptr && clip->low <= clip->high;
    }
    case OpKind::kElu:
      return std::holds_alternative<EluAttributes>(op.attributes);
    case OpKind::kPower:
      return std::holds_alternative<PowerAttributes>(op.attributes);
    case OpKind::kHardSigmoid:
      return std::holds_alternative<HardSigmoidAttributes>(op.attributes);
    case OpKind::kThresholdedRelu:
      return std::holds_alternative<ThresholdAttributes>(op.attributes);
    case OpKind::kSoftmax:
      return std::holds_alternative<SoftmaxAttributes>(op.attributes) && input.rank() != 0;
    case OpKind::kLogSoftmax:
      return input.rank() != 0;
    default:
      return true;
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
    case OpKind::kReduceMin:
    case OpKind::kReduceProd:
    case OpKind::kArgMax:
    case OpKind::kArgMin:
    case OpKind::kGather:
    case OpKind::kBatchMatMul:
      return InferReduceShape(op, inputs);
    case OpKind::kPad:
    case OpKind::kConcat:
    case OpKind::kReshape:
    case OpKind::kTranspose:
    case OpKind::kResizeBilinear:
    case OpKind::kResizeNearest:
    case OpKind::kDepthToSpace:
    case OpKind::kStridedSlice:
      return InferLayoutShape(op, inputs, declared);
    case OpKind::kSelect: {
      PLUMB_ASSIGN_OR_RETURN(const Shape values,
                             BroadcastShape(inputs[1]->shape, inputs[2]->shape));
      return BroadcastShape(inputs[0]->shape, values);
    }
    default:
      break;
  }
  if (IsBinary(op.kind)) {
    return InferBroadcast(op, inputs);
  }
  if (!HasItsAttributes(op, inputs[0]->shape)) {
    return InvalidArgumentError("lacks an attribute or axis that it needs");
  }
  return inputs[0]->shape;
}

}  // namespace plumb::npu
