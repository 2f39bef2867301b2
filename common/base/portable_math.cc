#include "common/base/portable_math.h"

#include <array>
#include <cmath>
#include <limits>

namespace plumb {
namespace {

// ln 2 = kLn2High + kLn2Low; the first has 32 bits, so that its product with an exponent is exact.
constexpr double kLn2High = 0x1.62e42feep-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kLog2E = 0x1.71547652b82fep+0;
// Likewise log10 2, and 1 / ln 10.
constexpr double kLog10Of2High = 0x1.34413508p-2;
constexpr double kLog10Of2Low = 0x1.f79fef311f12bp-34;
constexpr double kLog10OfE = 0x1.bcb7b1526e50ep-2;

constexpr double kHalfLn2 = 0.34657359027997264;
constexpr double kExpOverflow = 709.79;
constexpr double kExpUnderflow = -745.14;

constexpr std::array<double, 13> kInverseFactorials = {1.0 / 2,
                                                       1.0 / 6,
                                                       1.0 / 24,
                                                       1.0 / 120,
                                                       1.0 / 720,
                                                       1.0 / 5040,
                                                       1.0 / 40320,
                                                       1.0 / 362880,
                                                       1.0 / 3628800,
                                                       1.0 / 39916800,
                                                       1.0 / 479001600,
                                                       1.0 / 6227020800,
                                                       1.0 / 87178291200};

// e^r − 1 for |r| ≤ ln 2 / 2 by its Taylor series; what is left out is below 2^-59 of r.
double ExpMinusOneNearZero(double r) {
  double series = 0;
  for (size_t i = kInverseFactorials.size(); i > 0; --i) {
    series = series * r + kInverseFactorials[i - 1];
  }
  return r + r * r * series;
}

// artanh s = s + s · Σ s^2k / (2k + 1) for |s| < 0.172: what is left out is below 2^-58 of s.
double AtanhNearZero(double s) {
  const double square = s * s;
  double series = 0;
  for (int term = 23; term >= 3; term -= 2) {
    series = (series + 1.0 / term) * square;
  }
  return s + s * series;
}

// x = m · 2^exponent with √½ ≤ m < √2, and ln m.
struct Split {
  int exponent;
  double logarithm;
};

Split SplitLog(double x) {
  Split split{};
  double mantissa = std::frexp(x, &split.exponent);
  if (mantissa < 0.70710678118654752) {
    mantissa *= 2;
    --split.exponent;
  }
  // ln m = 2·artanh(s), s = (m − 1) / (m + 1), |s| < 0.172.
  split.logarithm = 2 * AtanhNearZero((mantissa - 1) / (mantissa + 1));
  return split;
}

// Of NaN, negative numbers, zero and infinity.
double LogAtTheEnds(double x) {
  if (std::isnan(x) || x < 0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return x == 0 ? -std::numeric_limits<double>::infinity() : x;
}

}  // namespace

double PortableExp(double x) {
  if (std::isnan(x)) {
    return x;
  }
  if (x > kExpOverflow) {
    return std::numeric_limits<double>::infinity();
  }
  if (x < kExpUnderflow) {
    return 0;
  }
  const double exponent = std::floor(x * kLog2E + 0.5);
  const double r = (x - exponent * kLn2High) - exponent * kLn2Low;
  return std::ldexp(1 + ExpMinusOneNearZero(r), static_cast<int>(exponent));
}

double PortableTanh(double x) {
  const double magnitude = std::fabs(x);
  if (std::isnan(x) || magnitude < 0x1p-28) {
    return x;
  }
  double result = 1;
  if (2 * magnitude <= kHalfLn2) {
    const double grown = ExpMinusOneNearZero(2 * magnitude);
    result = grown / (grown + 2);
  } else if (magnitude < 22) {
    result = 1 - 2 / (PortableExp(2 * magnitude) + 1);
  }
  return std::copysign(result, x);
}

double PortableLog10(double x) {
  if (!(x > 0) || std::isinf(x)) {
    return LogAtTheEnds(x);
  }
  const Split split = SplitLog(x);
  return split.exponent * kLog10Of2High +
         (split.exponent * kLog10Of2Low + split.logarithm * kLog10OfE);
}

double PortableLog(double x) {
  if (!(x > 0) || std::isinf(x)) {
    return LogAtTheEnds(x);
  }
  const Split split = SplitLog(x);
  return split.exponent * kLn2High + (split.exponent * kLn2Low + split.logarithm);
}

float PortableExp(float x) {
  return static_cast<float>(PortableExp(static_cast<double>(x)));
}

float PortableTanh(float x) {
  return static_cast<float>(PortableTanh(static_cast<double>(x)));
}

}  // namespace plumb
