// Small tensors for the tests of comparison and diagnosis.
#pragma once

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "common/tensor/tensor.h"

namespace plumb::analysis {

template <class T>
Tensor MakeTensor(ElementType type, const Shape& shape, const std::vector<T>& values) {
  Tensor tensor;
  tensor.desc.name = "scores";
  tensor.desc.element_type = type;
  tensor.desc.shape = shape;
  tensor.desc.aligned_size = values.size() * sizeof(T);
  std::vector<uint8_t> bytes(values.size() * sizeof(T));
  if (!bytes.empty()) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
  }
  tensor.bytes = Buffer::FromVector(std::move(bytes));
  return tensor;
}

inline Tensor Floats(const std::vector<float>& values) {
  return MakeTensor(ElementType::kFloat32, {static_cast<int64_t>(values.size())}, values);
}

inline Tensor Doubles(const std::vector<double>& values) {
  return MakeTensor(ElementType::kFloat64, {static_cast<int64_t>(values.size())}, values);
}

inline Tensor Shorts(const Shape& shape, const std::vector<int16_t>& values, float scale) {
  Tensor tensor = MakeTensor(ElementType::kInt16, shape, values);
  tensor.desc.scale = scale;
  return tensor;
}

// The same tensor with rows `stride` bytes apart, the buffer rounded up to 64 bytes and every byte
// of padding random.
inline Tensor WithPoisonedPadding(const Tensor& tensor, uint32_t stride, uint32_t seed) {
  const uint64_t row_size =
      static_cast<uint64_t>(tensor.desc.shape.innermost()) * ElementSize(tensor.desc.element_type);
  const uint64_t rows = tensor.desc.shape.row_count().value();
  std::vector<uint8_t> bytes((rows * stride + 63) / 64 * 64);
  std::mt19937 random(seed);
  for (auto& byte : bytes) {
    byte = static_cast<uint8_t>(random());
  }
  for (uint64_t row = 0; row < rows; ++row) {
    std::memcpy(bytes.data() + row * stride, tensor.bytes.data() + row * row_size, row_size);
  }
  Tensor padded = tensor;
  padded.desc.inner_stride = stride;
  padded.desc.aligned_size = bytes.size();
  padded.bytes = Buffer::FromVector(std::move(bytes));
  return padded;
}

inline std::vector<int16_t> RandomShorts(size_t count, uint32_t seed, int limit = 3000) {
  std::mt19937 random(seed);
  std::vector<int16_t> values(count);
  for (auto& value : values) {
    value = static_cast<int16_t>(static_cast<int>(random() % (2U * limit + 1U)) - limit);
  }
  return values;
}

}  // namespace plumb::analysis
