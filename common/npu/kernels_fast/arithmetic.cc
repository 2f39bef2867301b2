#include "common/npu/kernels_fast/arithmetic.h"

namespace plumb::npu::fast {
namespace {

// high · 2^32 + low: exact, since armhf has no 128-bit integers.
struct Wide {
  int64_t high;
  uint32_t low;
};

Wide Multiply(int64_t sum, int32_t mantissa) {
  const uint64_t low =
      static_cast<uint64_t>(static_cast<uint32_t>(sum)) * static_cast<uint32_t>(mantissa);
  const int64_t high = (sum >> 32) * mantissa + static_cast<int64_t>(low >> 32);
  return {high, static_cast<uint32_t>(low)};
}

// floor((wide + addend) / 2^shift), which fits in 64 bits for every multiplier that ops.h allows.
int64_t AddAndShift(const Wide& wide, int64_t addend, int shift) {
  const uint64_t low = uint64_t{wide.low} + static_cast<uint32_t>(addend);
  const int64_t high = wide.high + (addend >> 32) + static_cast<int64_t>(low >> 32);
  if (shift >= 32) {
    return high >> (shift - 32);
  }
  return high * (int64_t{1} << (32 - shift)) +
         static_cast<int64_t>(static_cast<uint32_t>(low) >> shift);
}

}  // namespace

int64_t RescaleWide(int64_t sum, const Multiplier& multiplier, RoundingProfile profile) {
  const Wide product = Multiply(sum, multiplier.mantissa);
  const int shift = multiplier.shift;
  if (shift == 0) {
    return AddAndShift(product, 0, 0);
  }
  const int64_t half = int64_t{1} << (shift - 1);
  if (profile == RoundingProfile::kHalfEven) {
    const int64_t odd = AddAndShift(product, 0, shift) & 1;
    return AddAndShift(product, half - 1 + odd, shift);
  }
  if (profile == RoundingProfile::kHalfUp || shift <= 31) {
    return AddAndShift(product, half, shift);
  }
  const int64_t first = AddAndShift(product, int64_t{1} << 30, 31);
  return (first + (half >> 31) - (first < 0 ? 1 : 0)) >> (shift - 31);
}

}  // namespace plumb::npu::fast
