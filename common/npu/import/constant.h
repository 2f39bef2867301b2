// Tensors whose values a file states.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/npu/graph/graph.h"

namespace plumb::npu::importing {

// How the integers of a file that is quantised already stand for reals. kFloat32: they do not.
struct StoredAs {
  ElementType type = ElementType::kFloat32;
  GraphQuantization quantization;  // its axis is one of the tensor's own
};

// A constant's own integers: its reals are (integers − zero points) · scales.
struct StoredIntegers {
  StoredAs as;
  std::vector<int64_t> values;
};

// A tensor whose values are known: weights, or folded shape arithmetic. Dense,
// row-major, in the file's order of axes. Reals are float32, every integer and bool is int64.
struct Constant {
  Shape shape;  // a dimension may be 0
  bool is_float = true;
  std::vector<float> floats;
  std::vector<int64_t> integers;
  ElementType type = ElementType::kUnknown;  // of integers, where the file's is one of a graph's
  std::shared_ptr<const StoredIntegers> stored;  // of reals that came from integers

  [[nodiscard]] size_t size() const { return is_float ? floats.size() : integers.size(); }
};

using ConstantPtr = std::shared_ptr<const Constant>;

// How many elements all constants of a model, as read and as made while importing, may have.
constexpr uint64_t kMaxConstantElements = uint64_t{1} << 28U;

}  // namespace plumb::npu::importing
