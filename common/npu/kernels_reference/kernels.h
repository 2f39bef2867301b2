// Internal: one plain function per kind of operation.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/npu/model/model.h"

namespace plumb::npu::reference {

struct Operand {
  const FixedTensor* tensor;
  std::span<const int16_t> values;

  [[nodiscard]] int64_t dim(size_t axis) const { return tensor->shape[axis]; }

  // The value minus the zero point.
  [[nodiscard]] int64_t centred(size_t index) const {
    return int64_t{values[index]} - tensor->zero_point;
  }

  // Flat index of an NHWC place.
  [[nodiscard]] size_t at(int64_t n, int64_t y, int64_t x, int64_t c) const {
    return static_cast<size_t>(((n * dim(1) + y) * dim(2) + x) * dim(3) + c);
  }
};

struct OpContext {
  std::vector<Operand> inputs;
  const FixedTensor* output_tensor;
  std::span<int16_t> output;  // written whole
  RoundingProfile profile;

  [[nodiscard]] int64_t dim(size_t axis) const { return output_tensor->shape[axis]; }

  [[nodiscard]] int32_t zero_point() const { return output_tensor->zero_point; }
};

// Every relation of ops.h holds: ValidateModel has accepted the model.
void Compute(const Conv2d& conv, const OpContext& context);
void Compute(const DepthwiseConv2d& conv, const OpContext& context);
void Compute(const FullyConnected& full, const OpContext& context);
void Compute(const TransposeConv2d& conv, const OpContext& context);
void Compute(const MaxPool2d& pool, const OpContext& context);
void Compute(const AveragePool2d& pool, const OpContext& context);
void Compute(const Mean& mean, const OpContext& context);
void Compute(const Add& add, const OpContext& context);
void Compute(const Mul& mul, const OpContext& context);
void Compute(const Prelu& prelu, const OpContext& context);
void Compute(const LeakyRelu& relu, const OpContext& context);
void Compute(const Requantize& requantize, const OpContext& context);
void Compute(const Lookup& lookup, const OpContext& context);
void Compute(const Softmax& softmax, const OpContext& context);
void Compute(const Pad& pad, const OpContext& context);
void Compute(const Concat& concat, const OpContext& context);
void Compute(const Reshape& reshape, const OpContext& context);
void Compute(const Transpose& transpose, const OpContext& context);
void Compute(const ResizeBilinear& resize, const OpContext& context);
void Compute(const ResizeNearest& resize, const OpContext& context);
void Compute(const DepthToSpace& depth_to_space, const OpContext& context);
void Compute(const StridedSlice& slice, const OpContext& context);

}  // namespace plumb::npu::reference
