#include "common/npu/kernels_fast/requantizer.h"

#include <algorithm>

namespace plumb::npu::fast {

Requantizer RequantizerTable::From(size_t first) const {
  return {
      mantissas.data() + first, shifts.data() + first, zero_point, clamp.low, clamp.high, profile};
}

std::optional<RequantizerTable> MakeRequantizer(std::span<const Multiplier> multipliers,
                                                std::span<const int64_t> limits,
                                                const Clamp& clamp,
                                                const KernelSite& site) {
  RequantizerTable table;
  table.zero_point = site.output_tensor->zero_point;
  table.clamp = clamp;
  table.profile = site.profile;
  for (size_t i = 0; i < multipliers.size(); ++i) {
    Multiplier multiplier = multipliers[i];
    // The loops halve at least once. A multiplier below 2^15 that is not shifted has room for it.
    if (multiplier.shift == 0) {
      multiplier = {multiplier.mantissa * 2, 1};
    }
    if (limits[i] > INT32_MAX ||
        (limits[i] * multiplier.mantissa) >> multiplier.shift >= (int64_t{1} << 30) - 1) {
      return std::nullopt;
    }
    table.mantissas.push_back(multiplier.mantissa);
    table.shifts.push_back(multiplier.shift);
  }
  table.mantissas.resize(multipliers.size() + kMaxLanes, 0);
  table.shifts.resize(multipliers.size() + kMaxLanes, 1);
  return table;
}

int64_t LargestMagnitude(const FixedTensor& tensor) {
  const Clamp range = StoredRange(tensor.element_type);
  return std::max<int64_t>(int64_t{range.high} - tensor.zero_point,
                           int64_t{tensor.zero_point} - range.low);
}

}  // namespace plumb::npu::fast
