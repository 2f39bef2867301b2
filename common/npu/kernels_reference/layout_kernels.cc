#include <algorithm>

#include "common/npu/kernels_reference/arithmetic.h"
#include "common/npu/kernels_reference/kernels.h"

namespace plumb::npu::reference {
namespace {

constexpr int64_t kTapUnit = 2048;

using Position = std::array<int64_t, Shape::kMaxRank>;

size_t FlatIndex(const Shape& shape, const Position& position) {
  int64_t index = 0;
  for (size_t axis = 0; axis < shape.rank(); ++axis) {
    index = index * shape[axis] + position.at(axis);
  }
  return static_cast<size_t>(index);
}

// output[p] = input[source(p)] for every output position p.
template <class Source>
void Gather(const OpContext& context, Source&& source) {
  const Operand& input = context.inputs[0];
  for (size_t i = 0; i < context.output.size(); ++i) {
    const Position position = source(context.output_tensor->shape.Unravel(i));
    context.output[i] = input.values[FlatIndex(input.tensor->shape, position)];
  }
}

}  // namespace

void Compute(const Pad& pad, const OpContext& context) {
  const Operand& input = context.inputs[0];
  const Shape& shape = input.tensor->shape;
  std::fill(context.output.begin(), context.output.end(), static_cast<int16_t>(pad.value));
  for (size_t i = 0; i < input.values.size(); ++i) {
    Position position = shape.Unravel(i);
    for (size_t axis = 0; axis < shape.rank(); ++axis) {
      position.at(axis) += pad.before[axis];
    }
    context.output[FlatIndex(context.output_tensor->shape, position)] = input.values[i];
  }
}

void Compute(const Concat& concat, const OpContext& context) {
  const auto axis = static_cast<size_t>(concat.axis);
  int64_t start = 0;
  for (size_t k = 0; k < context.inputs.size(); ++k) {
    const Operand& input = context.inputs[k];
    for (size_t i = 0; i < input.values.size(); ++i) {
      Position position = input.tensor->shape.Unravel(i);
      position.at(axis) += start;
      const int64_t value = Rescale(input.centred(i), concat.multipliers[k], context.profile);
      context.output[FlatIndex(context.output_tensor->shape, position)] =
          Finish(value, context.zero_point(), concat.clamp);
    }
    start += input.dim(axis);
  }
}

void Compute(const Reshape& /*reshape*/, const OpContext& context) {
  const std::span<const int16_t> values = context.inputs[0].values;
  std::copy(values.begin(), values.end(), context.output.begin());
}

void Compute(const Transpose& transpose, const OpContext& context) {
  Gather(context, [&](const Position& output) {
    Position input{};
    for (size_t axis = 0; axis < transpose.permutation.size(); ++axis) {
      input.at(static_cast<size_t>(transpose.permutation[axis])) = output.at(axis);
    }
    return input;
  });
}

void Compute(const ResizeBilinear& resize, const OpContext& context) {
  const Operand& input = context.inputs[0];
  for (size_t i = 0; i < context.output.size(); ++i) {
    const Position position = context.output_tensor->shape.Unravel(i);
    const int64_t n = position[0];
    const int64_t c = position[3];
    const auto row = static_cast<size_t>(position[1]);
    const auto column = static_cast<size_t>(position[2]);
    const int64_t wy = resize.rows.weight[row];
    const int64_t wx = resize.columns.weight[column];
    const int64_t y0 = resize.rows.lower[row];
    const int64_t y1 = resize.rows.upper[row];
    const int64_t x0 = resize.columns.lower[column];
    const int64_t x1 = resize.columns.upper[column];
    const int64_t sum = input.values[input.at(n, y0, x0, c)] * (kTapUnit - wy) * (kTapUnit - wx) +
                        input.values[input.at(n, y0, x1, c)] * (kTapUnit - wy) * wx +
                        input.values[input.at(n, y1, x0, c)] * wy * (kTapUnit - wx) +
                        input.values[input.at(n, y1, x1, c)] * wy * wx;
    context.output[i] =
        static_cast<int16_t>(RoundDivide(sum, kTapUnit * kTapUnit, context.profile));
  }
}

void Compute(const ResizeNearest& resize, const OpContext& context) {
  Gather(context, [&](Position position) {
    position[1] = resize.rows[static_cast<size_t>(position[1])];
    position[2] = resize.columns[static_cast<size_t>(position[2])];
    return position;
  });
}

void Compute(const DepthToSpace& depth_to_space, const OpContext& context) {
  const int64_t block = depth_to_space.block;
  const int64_t channels = context.dim(3);
  Gather(context, [&](const Position& output) {
    const int64_t cell = output[1] % block * block + output[2] % block;
    return Position{output[0], output[1] / block, output[2] / block, cell * channels + output[3]};
  });
}

void Compute(const StridedSlice& slice, const OpContext& context) {
  Gather(context, [&](Position position) {
    for (size_t axis = 0; axis < slice.begin.size(); ++axis) {
      position.at(axis) = slice.begin[axis] + position.at(axis) * slice.stride[axis];
    }
    return position;
  });
}

}  // namespace plumb::npu::reference
