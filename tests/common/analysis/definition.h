// The definition of a comparison's numbers, as plain as can be, and its results as text.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "common/analysis/statistics.h"

namespace plumb::analysis {

// docs/metrics.md written down without any thought of speed.
class Definition {
 public:
  explicit Definition(const StatisticsOptions& options) : options_(options) {}

  void Add(double r, double t, double d) {
    const uint64_t index = tally.pairs++;
    if (index % 4096 == 0) {
      CloseBlock();
    }
    if (!std::isfinite(r) || !std::isfinite(t)) {
      return AddNonFinite(r, t, index);
    }
    const double terms[6] = {d * d, std::abs(d), r * r, std::abs(r), t * t, r * t};
    for (int i = 0; i < 6; ++i) {
      lanes_[i][index % 8] += terms[i];
    }
    ++tally.finite_pairs;
    Widen(r, tally.reference);
    Widen(t, tally.target);
    tally.saturated_reference += Saturated(r, options_.reference_limits);
    tally.saturated_target += Saturated(t, options_.target_limits);
    if (std::abs(d) > tally.max_abs_error) {
      tally.max_abs_error = std::abs(d);
      tally.max_abs_error_index = index;
    }
    if (options_.elementwise && std::abs(d) > options_.atol + options_.rtol * std::abs(r)) {
      ++tally.over_tolerance;
    }
    if (d != 0) {
      AddDifferent(r, t, index);
    }
    if (options_.lsb > 0) {
      const double steps = std::nearbyint(d / options_.lsb);
      if (std::abs(steps) <= 8) {
        ++tally.lsb.steps[static_cast<size_t>(8 + static_cast<int>(steps))];
      } else {
        ++(steps < 0 ? tally.lsb.below : tally.lsb.above);
      }
    }
  }

  Sums Total() {
    CloseBlock();
    return {totals_[0], totals_[1], totals_[2], totals_[3], totals_[4], totals_[5]};
  }

  Tally tally;

 private:
  static void Widen(double value, Range& range) {
    range.low = value < range.low ? value : range.low;
    range.high = value > range.high ? value : range.high;
  }

  static uint64_t Saturated(double value, const std::optional<TypeLimits>& limits) {
    return limits && (value <= limits->low || value >= limits->high) ? 1 : 0;
  }

  void AddDifferent(double r, double t, uint64_t index) {
    ++tally.different;
    if (!tally.first_difference) {
      tally.first_difference = index;
      tally.first_difference_reference = r;
      tally.first_difference_target = t;
    }
  }

  void AddNonFinite(double r, double t, uint64_t index) {
    tally.nan_reference += std::isnan(r) ? 1 : 0;
    tally.nan_target += std::isnan(t) ? 1 : 0;
    tally.inf_reference += std::isinf(r) ? 1 : 0;
    tally.inf_target += std::isinf(t) ? 1 : 0;
    if (!(std::isnan(r) && std::isnan(t)) && r != t) {
      ++tally.nonfinite_mismatches;
      tally.first_nonfinite_mismatch = tally.first_nonfinite_mismatch.value_or(index);
    }
  }

  void CloseBlock() {
    for (int i = 0; i < 6; ++i) {
      double* lane = lanes_[i];
      totals_[i] +=
          ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
      std::fill(lane, lane + 8, 0.0);
    }
  }

  StatisticsOptions options_;
  double lanes_[6][8] = {};
  double totals_[6] = {};
};

// Which NaN a CPU makes of Inf − Inf is its own affair: reports say null.
inline std::string Bits(double value) {
  return std::isnan(value) ? "nan" : std::to_string(std::bit_cast<uint64_t>(value));
}

inline std::string Text(const std::optional<uint64_t>& value) {
  return value ? std::to_string(*value) : "none";
}

inline std::string Text(const Sums& sums) {
  return Bits(sums.squared_error) + " " + Bits(sums.absolute_error) + " " +
         Bits(sums.squared_reference) + " " + Bits(sums.absolute_reference) + " " +
         Bits(sums.squared_target) + " " + Bits(sums.product);
}

// A zero counts as +0, which is what a range holds.
inline std::string Text(const Range& range) {
  return Bits(range.low + 0.0) + " to " + Bits(range.high + 0.0);
}

inline std::string Text(const Tally& tally) {
  std::string text;
  for (const uint64_t count : {tally.pairs,
                               tally.finite_pairs,
                               tally.different,
                               tally.over_tolerance,
                               tally.nan_reference,
                               tally.nan_target,
                               tally.inf_reference,
                               tally.inf_target,
                               tally.nonfinite_mismatches,
                               tally.saturated_reference,
                               tally.saturated_target,
                               tally.max_abs_error_index,
                               tally.lsb.below,
                               tally.lsb.above}) {
    text += std::to_string(count) + " ";
  }
  for (const uint64_t count : tally.lsb.steps) {
    text += std::to_string(count) + " ";
  }
  return text + Bits(tally.max_abs_error) + " first " + Text(tally.first_difference) + " " +
         Bits(tally.first_difference_reference) + " " + Bits(tally.first_difference_target) +
         " nonfinite " + Text(tally.first_nonfinite_mismatch) + " ranges " + Text(tally.reference) +
         ", " + Text(tally.target);
}

}  // namespace plumb::analysis
