// Real numbers to whole ones, as the programs around an IPU do it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace plumb::preprocess {

// kHalfEven: numpy's round, OpenCV. kHalfAway: C's round(). kHalfUp: floor(x + 0.5). kTruncate: a
// cast, towards zero.
enum class Rounding : uint8_t { kHalfEven, kHalfAway, kHalfUp, kTruncate };

inline double Round(double value, Rounding rounding) {
  switch (rounding) {
    case Rounding::kHalfEven:
      return std::nearbyint(value);
    case Rounding::kHalfAway:
      return std::round(value);
    case Rounding::kHalfUp:
      return std::floor(value + 0.5);
    case Rounding::kTruncate:
      break;
  }
  return std::trunc(value);
}

// Clipped to 0…255; NaN is 0.
inline uint8_t RoundToByte(double value, Rounding rounding) {
  const double whole = Round(value, rounding);
  return whole > 0 ? static_cast<uint8_t>(std::min(whole, 255.0)) : uint8_t{0};
}

}  // namespace plumb::preprocess
