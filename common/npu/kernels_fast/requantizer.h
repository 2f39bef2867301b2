// Internal: whether a layer's sums stay within 32 bits, and its multipliers as the vector loops
// want them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/npu/kernels_fast/kernel.h"
#include "common/npu/kernels_fast/vector_kernels.h"

namespace plumb::npu::fast {

// Owns what a Requantizer points to.
struct RequantizerTable {
  std::vector<int32_t> mantissas;  // padded by kMaxLanes
  std::vector<int32_t> shifts;
  int32_t zero_point = 0;
  Clamp clamp;
  RoundingProfile profile = RoundingProfile::kHalfEven;

  // From entry `first` on.
  [[nodiscard]] Requantizer From(size_t first) const;
};

// One entry per multiplier; limits[i] ≥ |sum| for every sum that entry i is given. Nothing when a
// sum or a result could leave 32 bits.
std::optional<RequantizerTable> MakeRequantizer(std::span<const Multiplier> multipliers,
                                                std::span<const int64_t> limits,
                                                const Clamp& clamp,
                                                const KernelSite& site);

// The largest |x − zero point|.
int64_t LargestMagnitude(const FixedTensor& tensor);

// For each channel the bound on |Σ x · w + bias − z · Σ w| and on every sum on the way there, in
// any order. Weight i belongs to channel_of(i).
template <class ChannelOf>
std::vector<int64_t> LimitsOf(const LinearWeights& linear,
                              const FixedTensor& input,
                              const ChannelOf& channel_of) {
  std::vector<int64_t> limits;
  limits.reserve(linear.bias.size());
  for (const int64_t bias : linear.bias) {
    limits.push_back(bias < 0 ? -bias : bias);
  }
  const Clamp range = StoredRange(input.element_type);
  const int64_t zero_point = input.zero_point < 0 ? -input.zero_point : input.zero_point;
  const int64_t largest = (range.high > -range.low ? range.high : -range.low) + zero_point;
  for (size_t i = 0; i < linear.values.size(); ++i) {
    const int64_t weight = static_cast<int8_t>(linear.values.data()[i]);
    limits[channel_of(i)] += largest * (weight < 0 ? -weight : weight);
  }
  return limits;
}

}  // namespace plumb::npu::fast
