// Runs a fixed model with the reference kernels.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "common/npu/kernels_reference/executor.h"
#include "common/npu/model/model.h"

namespace plumb::testing {

inline std::vector<double> Dequantize(const npu::FixedTensor& tensor,
                                      const std::vector<int16_t>& stored) {
  std::vector<double> real;
  for (const int16_t q : stored) {
    real.push_back((q - tensor.zero_point) * tensor.scale);
  }
  return real;
}

// Real values to the nearest stored ones.
inline std::vector<int16_t> Quantize(const npu::FixedTensor& tensor,
                                     const std::vector<float>& real) {
  const npu::Clamp range = npu::StoredRange(tensor.element_type);
  std::vector<int16_t> stored;
  for (const float value : real) {
    const double q = std::rint(static_cast<double>(value) / tensor.scale) + tensor.zero_point;
    stored.push_back(static_cast<int16_t>(std::clamp<double>(q, range.low, range.high)));
  }
  return stored;
}

// Stored values of every output.
inline std::vector<std::vector<int16_t>> RunFixed(const npu::FixedModel& fixed,
                                                  const std::vector<std::vector<int16_t>>& inputs) {
  auto executor =
      npu::ReferenceExecutor::Create(std::make_shared<const npu::FixedModel>(fixed), {});
  EXPECT_TRUE(executor.ok()) << executor.status().ToString();
  if (!executor.ok()) {
    return {};
  }
  std::vector<std::vector<int16_t>> stored;
  for (const uint32_t output : fixed.outputs) {
    stored.emplace_back(fixed.tensors[output].shape.element_count().value_or(0));
  }
  const std::vector<std::span<int16_t>> to(stored.begin(), stored.end());
  const std::vector<std::span<const int16_t>> from(inputs.begin(), inputs.end());
  const Status status = (*executor)->Run(from, to);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return stored;
}

}  // namespace plumb::testing
