// What a comparison adds up, counts and locates: plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "common/analysis/report.h"

namespace plumb::analysis {

constexpr uint64_t kBlockElements = 4096;
constexpr size_t kLanes = 8;

// Real values of the lowest and the highest number an integer type holds.
struct TypeLimits {
  double low = 0;
  double high = 0;

  friend bool operator==(const TypeLimits&, const TypeLimits&) = default;
};

// One sum for each index mod kLanes.
using LaneSums = std::array<double, kLanes>;

struct Lanes {
  LaneSums squared_error{};
  LaneSums absolute_error{};
  LaneSums squared_reference{};
  LaneSums absolute_reference{};
  LaneSums squared_target{};
  LaneSums product{};
};

// The sums of one block or of a whole tensor. Pairs with a NaN or an Inf are not in them.
struct Sums {
  double squared_error = 0;      // Σd²
  double absolute_error = 0;     // Σ|d|
  double squared_reference = 0;  // Σr²
  double absolute_reference = 0;
  double squared_target = 0;
  double product = 0;  // Σrt
};

// Of finite values; empty when low > high.
// Zeros have no sign.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};

// What is counted and located; merging is exact.
struct Tally {
  uint64_t pairs = 0;         // all, also those with a NaN or an Inf
  uint64_t finite_pairs = 0;  // the N of the formulas
  uint64_t different = 0;
  uint64_t over_tolerance = 0;
  uint64_t nan_reference = 0;
  uint64_t nan_target = 0;
  uint64_t inf_reference = 0;
  uint64_t inf_target = 0;
  uint64_t nonfinite_mismatches = 0;
  uint64_t saturated_reference = 0;
  uint64_t saturated_target = 0;
  double max_abs_error = -1;  // below every |d|, so that the first pair sets the index
  uint64_t max_abs_error_index = 0;
  std::optional<uint64_t> first_difference;  // of a finite pair
  double first_difference_reference = 0;
  double first_difference_target = 0;
  std::optional<uint64_t> first_nonfinite_mismatch;
  Range reference;
  Range target;
  LsbHistogram lsb;
};

}  // namespace plumb::analysis
