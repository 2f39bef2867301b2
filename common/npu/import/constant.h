// Tensors whose values a file states.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/tensor/shape.h"

namespace plumb::npu::importing {

// A tensor whose values are known: weights, or folded shape arithmetic. Dense,
// row-major, in the file's order of axes. Reals are float32, every integer and bool is int64.
struct Constant {
  Shape shape;  // a dimension may be 0
  bool is_float = true;
  std::vector<float> floats;
  std::vector<int64_t> integers;

  [[nodiscard]] size_t size() const { return is_float ? floats.size() : integers.size(); }
};

using ConstantPtr = std::shared_ptr<const Constant>;

// How many elements all constants of a model, as read and as made while importing, may have.
constexpr uint64_t kMaxConstantElements = uint64_t{1} << 28U;

}  // namespace plumb::npu::importing
