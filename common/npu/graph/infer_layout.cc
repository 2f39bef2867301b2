#include <algorithm>
#include <array>
#include <cmath>

#include "common/npu/graph/infer.h"

namespace plumb::npu {
namespace {

using Dims = std::array<int64_t, Shape::kMaxRank>;

Result<Shape> MakeShape(const Dims& dims, size_t rank) {
  return Shape::Create(std::span(dims).first(rank));
}

// `shape` without its dimensions of size 1: what RESHAPE-like freedom may change.
std::vector<int64_t> Significant(const Shape& shape) {
  std::vector<int64_t> dims;
  for (const int64_t dim : shape.dims()) {
    if (dim != 1) {
      dims.push_back(dim);
    }
  }
  return dims;
}

Result<Shape> InferPad(const PadAttributes& pad, const Shape& input) {
  if (pad.before.size() != input.rank() || pad.after.size() != input.rank()) {
    return InvalidArgumentError("has paddings for another number of dimensions");
  }
  if (std::isnan(pad.value)) {
    return InvalidArgumentError("pads with NaN");
  }
  Dims dims{};
  for (size_t axis = 0; axis < input.rank(); ++axis) {
    if (pad.before[axis] < 0 || pad.after[axis] < 0) {
      return InvalidArgumentError("has a negative padding");
    }
    dims.at(axis) = input[axis] + pad.before[axis] + pad.after[axis];
  }
  return MakeShape(dims, input.rank());
}

Result<Shape> InferConcat(const ConcatAttributes& concat,
                          std::span<const GraphTensor* const> inputs) {
  const Shape& first = inputs[0]->shape;
  if (concat.axis < 0 || static_cast<size_t>(concat.axis) >= first.rank()) {
    return InvalidArgumentError("joins along axis " + std::to_string(concat.axis) + " of " +
                                first.ToString());
  }
  const auto axis = static_cast<size_t>(concat.axis);
  Dims dims{};
  std::copy(first.dims().begin(), first.dims().end(), dims.begin());
  dims.at(axis) = 0;
  for (const GraphTensor* input : inputs) {
    const Shape& shape = input->shape;
    bool fits = shape.rank() == first.rank();
    for (size_t i = 0; fits && i < first.rank(); ++i) {
      fits = i == axis || shape[i] == first[i];
    }
    if (!fits) {
      return InvalidArgumentError("cannot join " + shape.ToString() + " to " + first.ToString());
    }
    dims.at(axis) += shape[axis];
  }
  return MakeShape(dims, first.rank());
}

Result<Shape> InferTranspose(const TransposeAttributes& transpose, const Shape& input) {
  Dims dims{};
  uint32_t used = 0;
  const std::vector<int32_t>& permutation = transpose.permutation;
  bool fits = permutation.size() == input.rank();
  for (size_t i = 0; fits && i < permutation.size(); ++i) {
    const int32_t axis = permutation[i];
    fits = axis >= 0 && static_cast<size_t>(axis) < input.rank() && (used >> axis & 1U) == 0;
    if (fits) {
      used |= 1U << axis;
      dims.at(i) = input[static_cast<size_t>(axis)];
    }
  }
  if (!fits) {
    return InvalidArgumentError("the permutation is not one of the axes of " + input.ToString());
  }
  return MakeShape(dims, input.rank());
}

Result<Shape> InferResize(const ResizeAttributes& resize,
                          const Shape& input,
                          const Shape& declared) {
  if (input.rank() != 4 || declared.rank() != 4) {
    return InvalidArgumentError("needs pictures [N, H, W, C], not " + input.ToString() + " to " +
                                declared.ToString());
  }
  if (resize.align_corners && resize.half_pixel_centers) {
    return InvalidArgumentError("aligns corners and uses half-pixel centres at once");
  }
  return Shape::Create(std::array{input[0], declared[1], declared[2], input[3]});
}

Result<Shape> InferDepthToSpace(const DepthToSpaceAttributes& attributes, const Shape& input) {
  const int64_t block = attributes.block;
  if (input.rank() != 4 || block < 1 || block > 1024 || input[3] % (block * block) != 0) {
    return InvalidArgumentError("cannot spread the depth of " + input.ToString() +
                                " over blocks of " + std::to_string(block));
  }
  return Shape::Create(
      std::array{input[0], input[1] * block, input[2] * block, input[3] / (block * block)});
}

Result<Shape> InferSlice(const StridedSliceAttributes& slice,
                         const Shape& input,
                         const Shape& declared) {
  const size_t rank = input.rank();
  bool fits =
      slice.begin.size() == rank && slice.stride.size() == rank && slice.size.size() == rank;
  Dims dims{};
  for (size_t axis = 0; fits && axis < rank; ++axis) {
    const int64_t begin = slice.begin[axis];
    const int64_t stride = slice.stride[axis];
    const int64_t size = slice.size[axis];
    fits = begin >= 0 && stride >= 1 && size >= 1 && begin + (size - 1) * stride < input[axis];
    dims.at(axis) = size;
  }
  if (!fits) {
    return InvalidArgumentError("cuts more than " + input.ToString() + " has");
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape cut, MakeShape(dims, rank));
  if (Significant(cut) != Significant(declared)) {
    return InvalidArgumentError("cuts " + cut.ToString() + ", not " + declared.ToString());
  }
  return declared;
}

Result<Shape> InferReshape(const Shape& input, const Shape& declared) {
  if (input.element_count() != declared.element_count()) {
    return InvalidArgumentError("cannot make " + declared.ToString() + " of " + input.ToString());
  }
  return declared;
}

// The operation's attributes given to `infer`, if they are of its kind.
template <class Attributes, class Infer>
Result<Shape> With(const GraphOp& op, Infer infer) {
  const auto* attributes = std::get_if<Attributes>(&op.attributes);
  if (attributes == nullptr) {
    return InvalidArgumentError("has the attributes of another operation");
  }
  return infer(*attributes);
}

}  // namespace

Result<Shape> InferLayoutShape(const GraphOp& op,
                               std::span<const GraphTensor* const> inputs,
                               const Shape& declared) {
  const Shape& input = inputs[0]->shape;
  switch (op.kind) {
    case OpKind::kPad:
      return With<PadAttributes>(op, [&](const auto& pad) { return InferPad(pad, input); });
    case OpKind::kConcat:
      return With<ConcatAttributes>(
          op, [&](const auto& concat) { return InferConcat(concat, inputs); });
    case OpKind::kTranspose:
      return With<TransposeAttributes>(
          op, [&](const auto& order) { return InferTranspose(order, input); });
    case OpKind::kDepthToSpace:
      return With<DepthToSpaceAttributes>(
          op, [&](const auto& block) { return InferDepthToSpace(block, input); });
    case OpKind::kStridedSlice:
      return With<StridedSliceAttributes>(
          op, [&](const auto& slice) { return InferSlice(slice, input, declared); });
    case OpKind::kResizeBilinear:
    case OpKind::kResizeNearest:
      return With<ResizeAttributes>(
          op, [&](const auto& resize) { return InferResize(resize, input, declared); });
    default:
      return InferReshape(input, declared);
  }
}

}  // namespace plumb::npu
