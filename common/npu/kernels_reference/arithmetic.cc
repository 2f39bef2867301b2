#include "common/npu/kernels_reference/arithmetic.h"

#include <algorithm>

namespace plumb::npu::reference {
namespace {

constexpr int kLimbBits = 16;
constexpr int64_t kLimb = int64_t{1} << kLimbBits;
constexpr int kFirstStepShift = 31;

// An exact quotient: its floor, and whether the rest is below, at or above one half.
struct Quotient {
  int64_t floor;
  int rest_to_half;  // -1, 0, 1
};

int Compare(int64_t a, int64_t b) {
  return a < b ? -1 : static_cast<int>(a > b);
}

// high · 2^16 + low, 0 ≤ low < 2^16: a product too wide for 64 bits.
struct WideProduct {
  int64_t high;
  int64_t low;
};

WideProduct Multiply(int64_t sum, int64_t mantissa) {
  const int64_t sum_low = sum & (kLimb - 1);
  const int64_t sum_high = (sum - sum_low) / kLimb;
  const int64_t low = sum_low * mantissa;
  return {sum_high * mantissa + low / kLimb, low % kLimb};
}

Quotient DivideByPowerOfTwo(const WideProduct& product, int shift) {
  if (shift == 0) {
    return {product.high * kLimb + product.low, -1};
  }
  if (shift <= kLimbBits) {
    const int64_t divisor = int64_t{1} << shift;
    return {product.high * (kLimb / divisor) + product.low / divisor,
            Compare(product.low % divisor, divisor / 2)};
  }
  const int high_shift = shift - kLimbBits;
  const int64_t divisor = int64_t{1} << high_shift;
  const int64_t rest = product.high & (divisor - 1);
  const int high_order = Compare(rest, divisor / 2);
  return {(product.high - rest) / divisor, high_order != 0 ? high_order : Compare(product.low, 0)};
}

int64_t RoundUpAtHalf(const Quotient& quotient) {
  return quotient.floor + (quotient.rest_to_half >= 0 ? 1 : 0);
}

int64_t RoundToEvenAtHalf(const Quotient& quotient) {
  const bool odd = quotient.floor % 2 != 0;
  const bool up = quotient.rest_to_half > 0 || (quotient.rest_to_half == 0 && odd);
  return quotient.floor + (up ? 1 : 0);
}

int64_t RoundAwayAtHalf(const Quotient& quotient) {
  const bool up = quotient.rest_to_half > 0 || (quotient.rest_to_half == 0 && quotient.floor >= 0);
  return quotient.floor + (up ? 1 : 0);
}

Quotient Divide(int64_t numerator, int64_t denominator) {
  int64_t floor = numerator / denominator;
  int64_t rest = numerator % denominator;
  if (rest < 0) {
    rest += denominator;
    --floor;
  }
  return {floor, Compare(rest, denominator - rest)};
}

}  // namespace

int64_t Rescale(int64_t sum, const Multiplier& multiplier, RoundingProfile profile) {
  const WideProduct product = Multiply(sum, multiplier.mantissa);
  const int shift = multiplier.shift;
  if (profile == RoundingProfile::kHalfEven) {
    return RoundToEvenAtHalf(DivideByPowerOfTwo(product, shift));
  }
  if (profile == RoundingProfile::kHalfUp || shift <= kFirstStepShift) {
    return RoundUpAtHalf(DivideByPowerOfTwo(product, shift));
  }
  const int64_t first = RoundUpAtHalf(DivideByPowerOfTwo(product, kFirstStepShift));
  return RoundAwayAtHalf(Divide(first, int64_t{1} << (shift - kFirstStepShift)));
}

int64_t RoundDivide(int64_t numerator, int64_t denominator, RoundingProfile profile) {
  const Quotient quotient = Divide(numerator, denominator);
  switch (profile) {
    case RoundingProfile::kHalfEven:
      return RoundToEvenAtHalf(quotient);
    case RoundingProfile::kHalfAway:
      return RoundAwayAtHalf(quotient);
    case RoundingProfile::kHalfUp:
      break;
  }
  return RoundUpAtHalf(quotient);
}

int64_t RoundAverage(int64_t numerator,
                     int64_t denominator,
                     int32_t zero_point,
                     RoundingProfile profile) {
  Quotient stored = Divide(numerator, denominator);
  stored.floor += zero_point;
  const bool up = profile == RoundingProfile::kHalfUp;
  return (up ? RoundUpAtHalf(stored) : RoundAwayAtHalf(stored)) - zero_point;
}

int16_t Finish(int64_t value, int32_t zero_point, const Clamp& clamp) {
  return static_cast<int16_t>(std::clamp<int64_t>(value + zero_point, clamp.low, clamp.high));
}

}  // namespace plumb::npu::reference
