#include "common/blame/quantised_values.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/blame/chance.h"

namespace plumb::blame {
namespace {

int16_t Clamped(const NetworkTensor& tensor, double steps) {
  // A step count beyond the range, infinity included, must not reach the conversion.
  const double q = std::isnan(steps) ? tensor.zero_point : steps + tensor.zero_point;
  return static_cast<int16_t>(
      std::clamp(q, static_cast<double>(tensor.low), static_cast<double>(tensor.high)));
}

}  // namespace

std::vector<int16_t> Stored(const NetworkTensor& tensor, std::span<const float> values) {
  std::vector<int16_t> stored;
  stored.reserve(values.size());
  for (const float value : values) {
    stored.push_back(Clamped(tensor, std::rint(static_cast<double>(value) / tensor.scale)));
  }
  return stored;
}

std::vector<float> Real(const NetworkTensor& tensor, std::span<const int16_t> stored) {
  std::vector<float> values;
  values.reserve(stored.size());
  for (const int16_t q : stored) {
    values.push_back(static_cast<float>((q - tensor.zero_point) * tensor.scale));
  }
  return values;
}

std::vector<float> Rounded(const NetworkTensor& tensor, std::span<const float> values) {
  return tensor.scale > 0 ? Real(tensor, Stored(tensor, values))
                          : std::vector<float>(values.begin(), values.end());
}

std::vector<float> RoundedByChance(const NetworkTensor& tensor,
                                   std::span<const float> values,
                                   uint64_t seed) {
  if (tensor.scale <= 0) {
    return {values.begin(), values.end()};
  }
  Chance chance(seed);
  std::vector<int16_t> stored;
  stored.reserve(values.size());
  const double lowest = tensor.low - tensor.zero_point;
  const double highest = tensor.high - tensor.zero_point;
  for (const float value : values) {
    const double steps = static_cast<double>(value) / tensor.scale;
    const double inside = std::clamp(steps, lowest, highest);
    stored.push_back(Clamped(tensor, std::floor(2 * inside - steps + chance.Next())));
  }
  return Real(tensor, stored);
}

double RelativeL2(std::span<const float> a, std::span<const float> b, std::span<const float> r) {
  double difference = 0;
  double reference = 0;
  for (size_t i = 0; i < r.size(); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    difference += d * d;
    reference += static_cast<double>(r[i]) * static_cast<double>(r[i]);
  }
  if (difference == 0) {
    return 0;
  }
  return reference > 0 ? std::sqrt(difference / reference)
                       : std::numeric_limits<double>::infinity();
}

bool AllFinite(std::span<const float> values) {
  return std::all_of(
      values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

}  // namespace plumb::blame
