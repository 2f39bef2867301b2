// Walking operands that broadcast to the shape of the result.
#pragma once

#include <algorithm>
#include <array>

#include "common/npu/float/kernels.h"

namespace plumb::npu {

using Strides = std::array<int64_t, Shape::kMaxRank>;

// Elements from one position to the next along each axis of the output; 0 where the operand
// repeats itself.
inline Strides BroadcastStrides(const Shape& operand, const Shape& output) {
  Strides strides{};
  int64_t step = 1;
  for (size_t back = 1; back <= operand.rank(); ++back) {
    const int64_t size = operand[operand.rank() - back];
    strides.at(output.rank() - back) = size == 1 ? 0 : step;
    step *= size;
  }
  return strides;
}

// Calls row(place in the output, place in each operand) for every row along the last of the axes
// `dims`, of which there is at least one.
template <size_t kOperands, class Row>
void ForEachRow(std::span<const int64_t> dims,
                const std::array<Strides, kOperands>& strides,
                Row row) {
  const size_t outer = dims.size() - 1;
  int64_t rows = 1;
  for (const int64_t dim : dims.first(outer)) {
    rows *= dim;
  }
  std::array<int64_t, Shape::kMaxRank> index{};
  std::array<int64_t, kOperands> from{};
  for (int64_t i = 0; i < rows; ++i) {
    row(i * dims.back(), from);
    for (size_t axis = outer; axis-- > 0;) {
      const bool within = ++index.at(axis) < dims[axis];
      for (size_t operand = 0; operand < kOperands; ++operand) {
        from[operand] += strides[operand].at(axis) * (within ? 1 : 1 - dims[axis]);
      }
      if (within) {
        break;
      }
      index.at(axis) = 0;
    }
  }
}

// The first kOperands operands of the call, a scalar result as a row of one.
template <size_t kOperands>
std::array<Strides, kOperands> StridesOf(const FloatCall& call) {
  std::array<Strides, kOperands> strides{};
  for (size_t operand = 0; operand < kOperands; ++operand) {
    strides[operand] = BroadcastStrides(*call.inputs[operand].shape, *call.output_shape);
  }
  return strides;
}

inline std::span<const int64_t> DimsOf(const Shape& shape) {
  static constexpr int64_t kOne[] = {1};
  return shape.rank() == 0 ? std::span<const int64_t>(kOne) : shape.dims();
}

// Calls visit(place in the output, place in each operand) for every element of the result.
template <size_t kOperands, class Visit>
void ForEachPlace(const FloatCall& call, Visit visit) {
  const auto strides = StridesOf<kOperands>(call);
  const std::span<const int64_t> dims = DimsOf(*call.output_shape);
  ForEachRow<kOperands>(dims, strides, [&](int64_t place, std::array<int64_t, kOperands> from) {
    for (int64_t i = 0; i < dims.back(); ++i) {
      visit(place + i, from);
      for (size_t operand = 0; operand < kOperands; ++operand) {
        from[operand] += strides[operand].at(dims.size() - 1);
      }
    }
  });
}

template <class Function>
void Broadcast(const FloatCall& call, Function function) {
  const float* a = call.inputs[0].values.data();
  const float* b = call.inputs[1].values.data();
  float* output = call.output.data();
  const auto strides = StridesOf<2>(call);
  const std::span<const int64_t> dims = DimsOf(*call.output_shape);
  const int64_t step_a = strides[0].at(dims.size() - 1);
  const int64_t step_b = strides[1].at(dims.size() - 1);
  ForEachRow<2>(dims, strides, [&](int64_t place, const std::array<int64_t, 2>& from) {
    for (int64_t i = 0; i < dims.back(); ++i) {
      output[place + i] = function(a[from[0] + i * step_a], b[from[1] + i * step_b]);
    }
  });
}

}  // namespace plumb::npu
