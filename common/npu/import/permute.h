// Turning the axes of a dense array.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/tensor/shape.h"

namespace plumb::npu::importing {

// The elements of row-major `values` of `shape` so that axis i of the result is axis
// permutation[i]. `permutation` is one of the axes of `shape`, `values` are its elements.
template <class T>
std::vector<T> Permute(std::span<const T> values,
                       const Shape& shape,
                       std::span<const int32_t> permutation) {
  const size_t rank = permutation.size();
  std::vector<int64_t> strides(rank, 1);
  for (size_t axis = rank; axis-- > 1;) {
    strides[axis - 1] = strides[axis] * shape[axis];
  }
  std::vector<int64_t> place(rank, 0);
  std::vector<T> result;
  result.reserve(values.size());
  int64_t offset = 0;
  while (result.size() < values.size()) {
    result.push_back(values[static_cast<size_t>(offset)]);
    for (size_t i = rank; i-- > 0;) {
      const auto axis = static_cast<size_t>(permutation[i]);
      offset += strides[axis];
      if (++place[i] < shape[axis]) {
        break;
      }
      offset -= strides[axis] * shape[axis];
      place[i] = 0;
    }
  }
  return result;
}

template <class T>
std::vector<T> Permute(const std::vector<T>& values,
                       const Shape& shape,
                       std::span<const int32_t> permutation) {
  return Permute(std::span<const T>(values), shape, permutation);
}

}  // namespace plumb::npu::importing
