#include <cmath>
#include <limits>

#include "common/base/portable_math.h"

namespace plumb {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kHalfPi = 1.5707963267948966;
constexpr double kQuarterPi = 0.78539816339744828;

// π / 2 in parts; products of the first two with a number of up to 20 bits are exact.
constexpr double kHalfPiHigh = 0x1.921fb544p+0;
constexpr double kHalfPiMiddle = 0x1.0b4611a6p-34;
constexpr double kHalfPiLow = 0x1.3198a2e037073p-69;

bool IsWhole(double x) {
  return std::floor(x) == x;
}

double WholePower(double x, int exponent) {
  double result = 1;
  for (int bit = 64; bit > 0; bit /= 2) {
    result *= result;
    if ((exponent & bit) != 0) {
      result *= x;
    }
  }
  return result;
}

// x is 0 or infinite, y is neither 0 nor NaN.
double PowerAtTheEnds(double x, double y) {
  const bool odd = IsWhole(y) && std::isfinite(y) && !IsWhole(y / 2);
  const double magnitude = (x == 0) == (y > 0) ? 0 : kInfinity;
  return odd ? std::copysign(magnitude, x) : magnitude;
}

double PowerByLogarithm(double x, double y) {
  if (x < 0 && !IsWhole(y)) {
    return kNan;
  }
  if (y == 0.5) {
    return std::sqrt(x);
  }
  const double magnitude = PortableExp(y * PortableLog(std::fabs(x)));
  return x < 0 && !IsWhole(y / 2) ? -magnitude : magnitude;
}

double PowerToInfinity(double x, double y) {
  const double magnitude = std::fabs(x);
  if (magnitude == 1) {
    return 1;
  }
  return (magnitude > 1) == (y > 0) ? kInfinity : 0;
}

// Where x lies: quadrant 0 to 3 and the rest, |rest| ≤ π / 4.
struct Angle {
  int quadrant;
  double rest;
};

Angle Reduce(double x) {
  if (std::fabs(x) > 1e6) {
    x = std::fmod(x, 4 * kHalfPi);
  }
  const double turns = std::floor(x / kHalfPi + 0.5);
  const double rest = ((x - turns * kHalfPiHigh) - turns * kHalfPiMiddle) - turns * kHalfPiLow;
  return {static_cast<int>(turns - 4 * std::floor(turns / 4)), rest};
}

// 1 − r²/(2·3)·(1 − r²/(4·5)·(…)), the sine by r, from last = 21; from last = 20 the cosine.
double Series(double r, int last) {
  const double square = r * r;
  double sum = 1;
  for (int n = last; n > 1; n -= 2) {
    sum = 1 - square / (n * (n - 1)) * sum;
  }
  return sum;
}

double SinOfAngle(const Angle& angle) {
  const bool cosine = angle.quadrant % 2 != 0;
  const double value = cosine ? Series(angle.rest, 20) : angle.rest * Series(angle.rest, 21);
  return angle.quadrant >= 2 ? -value : value;
}

// arctan x = x · Σ (−x²)^k / (2k + 1) for |x| ≤ √2 − 1.
double AtanNearZero(double x) {
  const double square = x * x;
  double series = 0;
  for (int term = 45; term >= 3; term -= 2) {
    series = (1.0 / term - series) * square;
  }
  return x - x * series;
}

double AtanOfMagnitude(double x) {
  constexpr double kEighth = 0.41421356237309503;  // tan(π / 8)
  if (x > 1 / kEighth) {
    return kHalfPi - AtanNearZero(1 / x);
  }
  if (x > kEighth) {
    return kQuarterPi + AtanNearZero((x - 1) / (x + 1));
  }
  return AtanNearZero(x);
}

}  // namespace

double PortablePow(double x, double y) {
  constexpr double kMostFactors = 64;
  if (y == 0 || x == 1) {
    return 1;
  }
  if (std::isnan(x) || std::isnan(y)) {
    return kNan;
  }
  if (std::isinf(y)) {
    return PowerToInfinity(x, y);
  }
  if (x == 0 || std::isinf(x)) {
    return PowerAtTheEnds(x, y);
  }
  if (IsWhole(y) && std::fabs(y) <= kMostFactors) {
    const double power = WholePower(x, static_cast<int>(std::fabs(y)));
    return y < 0 ? 1 / power : power;
  }
  return PowerByLogarithm(x, y);
}

double PortableAtanh(double x) {
  constexpr double kSmall = 0.125;
  const double magnitude = std::fabs(x);
  if (!(magnitude < 1)) {
    return magnitude == 1 ? std::copysign(kInfinity, x) : kNan;
  }
  if (magnitude >= kSmall) {
    return PortableLog((1 + x) / (1 - x)) / 2;
  }
  const double square = x * x;
  double series = 0;
  for (int term = 19; term >= 3; term -= 2) {
    series = (series + 1.0 / term) * square;
  }
  return x + x * series;
}

double PortableAtan(double x) {
  return std::isnan(x) ? x : std::copysign(AtanOfMagnitude(std::fabs(x)), x);
}

// 2/√π · e^(−x²) · Σ 2^n x^(2n+1) / (1·3·…·(2n+1)): all terms have one sign.
double PortableErf(double x) {
  constexpr double kTwoByRootPi = 1.1283791670955126;
  constexpr double kOneFrom = 6;
  if (std::isnan(x) || x == 0) {
    return x;
  }
  const double magnitude = std::fabs(x);
  if (magnitude >= kOneFrom) {
    return std::copysign(1, x);
  }
  double term = magnitude;
  double sum = term;
  for (int n = 3; term > sum * 0x1p-60; n += 2) {
    term = term * 2 * magnitude * magnitude / n;
    sum += term;
  }
  return std::copysign(kTwoByRootPi * PortableExp(-magnitude * magnitude) * sum, x);
}

double PortableSin(double x) {
  if (!std::isfinite(x) || x == 0) {
    return x == 0 ? x : kNan;
  }
  return SinOfAngle(Reduce(x));
}

double PortableCos(double x) {
  if (!std::isfinite(x)) {
    return kNan;
  }
  Angle angle = Reduce(x);
  angle.quadrant = (angle.quadrant + 1) % 4;
  return SinOfAngle(angle);
}

}  // namespace plumb
