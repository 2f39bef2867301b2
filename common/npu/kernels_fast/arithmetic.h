// Rounding as docs/formats/offline-model.md ("Arithmetic") defines it, without branches on data.
#pragma once

#include <cstdint>

#include "common/npu/model/ops.h"
#include "common/npu/model/rounding.h"

namespace plumb::npu::fast {

// product / 2^shift; |product| ≤ 2^62, 0 ≤ shift ≤ 62.
inline int64_t ShiftRound(int64_t product, int shift, RoundingProfile profile) {
  if (shift == 0) {
    return product;
  }
  const int64_t half = int64_t{1} << (shift - 1);
  if (profile == RoundingProfile::kHalfEven) {
    return (product + half - 1 + ((product >> shift) & 1)) >> shift;
  }
  if (profile == RoundingProfile::kHalfUp || shift <= 31) {
    return (product + half) >> shift;
  }
  const int64_t first = (product + (int64_t{1} << 30)) >> 31;
  return (first + (half >> 31) - (first < 0 ? 1 : 0)) >> (shift - 31);
}

// As ShiftRound for sum · mantissa where that exceeds 64 bits; |sum| ≤ 2^47.
int64_t RescaleWide(int64_t sum, const Multiplier& multiplier, RoundingProfile profile);

// sum · mantissa / 2^shift; |sum| ≤ 2^47.
inline int64_t Rescale(int64_t sum, const Multiplier& multiplier, RoundingProfile profile) {
  if (sum == static_cast<int32_t>(sum)) {
    return ShiftRound(sum * multiplier.mantissa, multiplier.shift, profile);
  }
  return RescaleWide(sum, multiplier, profile);
}

// numerator / denominator; |numerator| < 2^62, 0 < denominator < 2^62.
inline int64_t RoundDivide(int64_t numerator, int64_t denominator, RoundingProfile profile) {
  const int64_t half = denominator / 2;
  if (profile == RoundingProfile::kHalfAway) {
    return numerator >= 0 ? (numerator + half) / denominator : -((half - numerator) / denominator);
  }
  const int64_t shifted = numerator + half;
  int64_t quotient = shifted / denominator;
  const int64_t rest = shifted - quotient * denominator;
  quotient -= rest < 0 ? 1 : 0;
  const bool tie = rest == 0 && denominator % 2 == 0;
  if (profile == RoundingProfile::kHalfEven && tie) {
    quotient -= quotient & 1;
  }
  return quotient;
}

// value / 2^shift by the rule of RoundDivide; 1 ≤ shift.
inline int64_t RoundDivideByShift(int64_t value, int shift, RoundingProfile profile) {
  if (profile == RoundingProfile::kHalfAway) {
    const int64_t half = int64_t{1} << (shift - 1);
    return (value + half - (value < 0 ? 1 : 0)) >> shift;
  }
  return ShiftRound(value, shift, profile);
}

inline int16_t Finish(int64_t value, int32_t zero_point, const Clamp& clamp) {
  const int64_t shifted = value + zero_point;
  const int64_t raised = shifted < clamp.low ? clamp.low : shifted;
  return static_cast<int16_t>(raised > clamp.high ? clamp.high : raised);
}

}  // namespace plumb::npu::fast
