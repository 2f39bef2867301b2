#include <algorithm>
#include <array>

#include "common/npu/graph/infer.h"

namespace plumb::npu {
namespace {

using Dims = std::array<int64_t, Shape::kMaxRank>;

Result<Shape> InferReduce(const ReduceAttributes& reduce, const Shape& input) {
  Dims dims{};
  size_t rank = 0;
  size_t next = 0;
  for (size_t axis = 0; axis < input.rank(); ++axis) {
    const bool reduced =
        next < reduce.axes.size() && reduce.axes[next] == static_cast<int32_t>(axis);
    next += reduced ? 1 : 0;
    if (!reduced || reduce.keep_dims) {
      dims.at(rank++) = reduced ? 1 : input[axis];
    }
  }
  if (reduce.axes.empty() || next != reduce.axes.size()) {
    return InvalidArgumentError("the axes are not ascending axes of " + input.ToString());
  }
  return Shape::Create(std::span(dims).first(rank));
}

Result<Shape> InferArg(const ArgAttributes& arg, const Shape& input) {
  return InferReduce(ReduceAttributes{{arg.axis}, arg.keep_dims}, input);
}

Result<Shape> InferGather(const GatherAttributes& gather, const Shape& input) {
  if (gather.axis < 0 || static_cast<size_t>(gather.axis) >= input.rank() ||
      gather.indices.empty()) {
    return InvalidArgumentError("takes no places, or along axis " + std::to_string(gather.axis) +
                                " of " + input.ToString());
  }
  const auto axis = static_cast<size_t>(gather.axis);
  for (const int32_t index : gather.indices) {
    if (index < 0 || index >= input[axis]) {
      return InvalidArgumentError("takes place " + std::to_string(index) + " of " +
                                  std::to_string(input[axis]));
    }
  }
  std::vector<int64_t> dims(input.dims().begin(), input.dims().end());
  dims[axis] = static_cast<int64_t>(gather.indices.size());
  return Shape::Create(dims);
}

// All but the last two axes.
Result<Shape> BatchOf(const Shape& shape) {
  return Shape::Create(shape.dims().first(shape.rank() - 2));
}

Result<Shape> InferBatchMatMul(const Shape& a, const Shape& b) {
  if (a.rank() < 2 || b.rank() < 2 || a.innermost() != b[b.rank() - 2]) {
    return InvalidArgumentError("cannot multiply " + a.ToString() + " by " + b.ToString());
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape batch_a, BatchOf(a));
  PLUMB_ASSIGN_OR_RETURN(const Shape batch_b, BatchOf(b));
  PLUMB_ASSIGN_OR_RETURN(const Shape batch, BroadcastShape(batch_a, batch_b));
  std::vector<int64_t> dims(batch.dims().begin(), batch.dims().end());
  dims.insert(dims.end(), {a[a.rank() - 2], b.innermost()});
  return Shape::Create(dims);
}

}  // namespace

Result<Shape> InferReduceShape(const GraphOp& op, std::span<const GraphTensor* const> inputs) {
  const Shape& input = inputs[0]->shape;
  if (op.kind == OpKind::kBatchMatMul) {
    return InferBatchMatMul(input, inputs[1]->shape);
  }
  if (const auto* reduce = std::get_if<ReduceAttributes>(&op.attributes)) {
    return InferReduce(*reduce, input);
  }
  if (const auto* arg = std::get_if<ArgAttributes>(&op.attributes)) {
    return InferArg(*arg, input);
  }
  if (const auto* gather = std::get_if<GatherAttributes>(&op.attributes)) {
    return InferGather(*gather, input);
  }
  return InvalidArgumentError("has the attributes of another operation");
}

}  // namespace plumb::npu
