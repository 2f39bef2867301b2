// The two small values that nearly every operation of a fixed model freezes.
#pragma once

#include <cstdint>

namespace plumb::npu {

// The real number mantissa × 2^−shift; 0 ≤ mantissa, 0 ≤ shift ≤ 62, and the number is < 2^15.
struct Multiplier {
  int32_t mantissa = 0;
  int32_t shift = 0;

  friend bool operator==(const Multiplier&, const Multiplier&) = default;
};

// Inclusive bounds of the stored result: the output type's range, narrowed by a fused activation.
struct Clamp {
  int32_t low = 0;
  int32_t high = 0;
};

}  // namespace plumb::npu
