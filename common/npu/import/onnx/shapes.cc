#include "common/npu/import/onnx/shapes.h"

#include <algorithm>

namespace plumb::npu::onnx {
namespace {

Result<Shape> Reshape(const NodeView& node, const Shape& input) {
  PLUMB_ASSIGN_OR_RETURN(std::vector<int64_t> dims, node.IntegersOf("shape", 1));
  const bool keep_zero = node.Integer("allowzero", 0) != 0;
  int64_t known = 1;
  int64_t* open = nullptr;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && !keep_zero && i < input.rank()) {
      dims[i] = input[i];
    }
    if (dims[i] == -1 && open == nullptr) {
      open = &dims[i];
    } else if (dims[i] < 0 || __builtin_mul_overflow(known, dims[i], &known)) {
      return InvalidArgumentError("asks for a shape that does not exist");
    }
  }
  if (open != nullptr) {
    const auto elements = static_cast<int64_t>(input.element_count().value_or(0));
    if (known == 0 || elements % known != 0) {
      return InvalidArgumentError("cannot divide " + input.ToString() + " by " +
                                  std::to_string(known));
    }
    *open = elements / known;
  }
  return Shape::Create(dims);
}

Result<Shape> Flatten(const NodeView& node, const Shape& input) {
  const auto rank = static_cast<int64_t>(input.rank());
  const int64_t given = node.Integer("axis", 1);
  const int64_t axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis > rank) {
    return InvalidArgumentError("names axis " + std::to_string(given) + " of " +
                                std::to_string(rank));
  }
  int64_t dims[2] = {1, 1};
  for (int64_t i = 0; i < rank; ++i) {
    int64_t& side = dims[i < axis ? 0 : 1];
    if (__builtin_mul_overflow(side, input[static_cast<size_t>(i)], &side)) {
      return InvalidArgumentError("flattens more elements than there can be");
    }
  }
  return Shape::Create(dims);
}

Result<Shape> Squeeze(const NodeView& node, const Shape& input) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int32_t> axes, node.AxesOf("axes", 1, input.rank()));
  std::vector<int64_t> dims;
  for (size_t i = 0; i < input.rank(); ++i) {
    const bool named = std::find(axes.begin(), axes.end(), static_cast<int32_t>(i)) != axes.end();
    const bool dropped = axes.empty() ? input[i] == 1 : named;
    if (dropped && input[i] != 1) {
      return InvalidArgumentError("drops axis " + std::to_string(i) + " of " + input.ToString());
    }
    if (!dropped) {
      dims.push_back(input[i]);
    }
  }
  return Shape::Create(dims);
}

Result<Shape> Unsqueeze(const NodeView& node, const Shape& input) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> given, node.IntegersOf("axes", 1));
  const size_t rank = input.rank() + given.size();
  if (rank > Shape::kMaxRank) {
    return InvalidArgumentError("makes " + std::to_string(rank) + " dimensions");
  }
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int32_t> axes, node.AxesOf("axes", 1, rank));
  std::vector<int64_t> dims(rank, 0);
  for (const int32_t axis : axes) {
    dims[static_cast<size_t>(axis)] = 1;
  }
  size_t next = 0;
  for (int64_t& dim : dims) {
    if (dim == 0 && next == input.rank()) {
      return InvalidArgumentError("names an axis twice");
    }
    dim = dim == 0 ? input[next++] : 1;
  }
  return Shape::Create(dims);
}

Result<SliceAxis> Resolve(int64_t size, int64_t start, int64_t end, int64_t step) {
  if (step == 0) {
    return InvalidArgumentError("has a step of 0");
  }
  const auto wrap = [size](int64_t place) { return place < 0 ? place + size : place; };
  SliceAxis axis;
  axis.step = std::clamp(step, -size - 1, size + 1);
  if (step > 0) {
    axis.begin = std::clamp<int64_t>(wrap(start), 0, size);
    const int64_t stop = std::clamp<int64_t>(wrap(end), 0, size);
    axis.size = std::max<int64_t>(0, (stop - axis.begin + axis.step - 1) / axis.step);
  } else {
    axis.begin = std::clamp<int64_t>(wrap(start), -1, size - 1);
    const int64_t stop = std::clamp<int64_t>(wrap(end), -1, size - 1);
    axis.size = std::max<int64_t>(0, (axis.begin - stop - axis.step - 1) / -axis.step);
  }
  return axis;
}

}  // namespace

Result<Shape> ReshapedShape(const NodeView& node, const Shape& input) {
  Result<Shape> shape = node.op() == "Reshape"   ? Reshape(node, input)
                        : node.op() == "Flatten" ? Flatten(node, input)
                        : node.op() == "Squeeze" ? Squeeze(node, input)
                                                 : Unsqueeze(node, input);
  if (shape.ok() && shape->element_count() == 0U) {
    return UnimplementedError("makes " + shape->ToString() + ", a tensor without elements");
  }
  if (shape.ok() && shape->element_count() != input.element_count()) {
    return InvalidArgumentError("cannot make " + shape->ToString() + " of " + input.ToString());
  }
  return shape;
}

Result<std::vector<SliceAxis>> ReadSlices(const NodeView& node, const Shape& input) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> starts, node.IntegersOf("starts", 1));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> ends, node.IntegersOf("ends", 2));
  PLUMB_ASSIGN_OR_RETURN(std::vector<int32_t> axes, node.AxesOf("axes", 3, input.rank()));
  PLUMB_ASSIGN_OR_RETURN(std::vector<int64_t> steps, node.IntegersOf("steps", 4));
  const bool leading = axes.empty();
  for (size_t i = 0; leading && i < starts.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const int32_t axis, WrapAxis(static_cast<int64_t>(i), input.rank()));
    axes.push_back(axis);
  }
  if (steps.empty()) {
    steps.resize(starts.size(), 1);
  }
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    return InvalidArgumentError("has starts, ends, axes and steps of different lengths");
  }
  std::vector<SliceAxis> slices;
  for (const int64_t dim : input.dims()) {
    slices.push_back({0, 1, dim});
  }
  for (size_t i = 0; i < starts.size(); ++i) {
    const auto axis = static_cast<size_t>(axes[i]);
    PLUMB_ASSIGN_OR_RETURN(slices[axis], Resolve(input[axis], starts[i], ends[i], steps[i]));
  }
  return slices;
}

Result<std::vector<int32_t>> ReadPermutation(const NodeView& node, size_t rank) {
  std::vector<int32_t> permutation;
  const std::vector<int64_t> given = node.Integers("perm");
  for (size_t i = 0; given.empty() && i < rank; ++i) {
    permutation.push_back(static_cast<int32_t>(rank - 1 - i));
  }
  for (const int64_t axis : given) {
    if (axis < 0 || axis >= static_cast<int64_t>(rank) ||
        std::find(permutation.begin(), permutation.end(), axis) != permutation.end()) {
      return InvalidArgumentError("has a perm that is no permutation of its axes");
    }
    permutation.push_back(static_cast<int32_t>(axis));
  }
  if (permutation.size() != rank) {
    return InvalidArgumentError("has a perm of " + std::to_string(permutation.size()) +
                                " axes for " + std::to_string(rank));
  }
  return permutation;
}

}  // namespace plumb::npu::onnx
