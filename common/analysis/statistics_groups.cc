#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "common/analysis/pair_kernels.h"
#include "common/analysis/statistics.h"

namespace plumb::analysis {
namespace {

RawGroups Skip(RawGroups pairs, size_t groups, size_t element_size) {
  const size_t bytes = groups * kLanes * element_size;
  pairs.reference += bytes;
  pairs.target += bytes;
  pairs.reference_ahead += bytes;
  pairs.target_ahead += bytes;
  pairs.groups -= groups;
  return pairs;
}

// The order does not matter: only an Inf or a NaN does.
bool AllFinite(const Lanes& lanes) {
  const double reference =
      std::accumulate(lanes.squared_reference.begin(), lanes.squared_reference.end(), 0.0);
  const double target =
      std::accumulate(lanes.squared_target.begin(), lanes.squared_target.end(), 0.0);
  return std::isfinite(reference) && std::isfinite(target);
}

void Widen(const Range& by, Range& range) {
  range.low = std::min(range.low, by.low);
  range.high = std::max(range.high, by.high);
}

bool Touches(const Range& range, const std::optional<TypeLimits>& limits) {
  return limits && (range.low <= limits->low || range.high >= limits->high);
}

// Of one block at most: a counter of a byte is enough for every 32nd element.
uint64_t CountEqual(std::span<const uint8_t> steps, uint8_t step) {
  constexpr size_t kCounters = 32;
  std::array<uint8_t, kCounters> counters{};
  uint8_t* const counts = counters.data();
  const uint8_t* data = steps.data();
  size_t i = 0;
  for (; i + kCounters <= steps.size(); i += kCounters) {
    for (size_t k = 0; k < kCounters; ++k) {
      counts[k] = static_cast<uint8_t>(counts[k] + (data[i + k] == step ? 1 : 0));
    }
  }
  const auto rest = std::count(steps.begin() + static_cast<std::ptrdiff_t>(i), steps.end(), step);
  return std::accumulate(counters.begin(), counters.end(), static_cast<uint64_t>(rest));
}

// One pass for each step that occurs is faster than one with a counter per step, because vectors
// compare many elements at once and differences are small.
void AddSteps(std::span<const uint8_t> steps, LsbHistogram& histogram) {
  constexpr uint8_t kAbove = 2 * LsbHistogram::kReach + 2;
  uint8_t lowest = kAbove;
  uint8_t highest = 0;
  for (const uint8_t step : steps) {
    lowest = std::min(lowest, step);
    highest = std::max(highest, step);
  }
  for (uint8_t step = lowest; step <= highest; ++step) {
    uint64_t& bin = step == 0        ? histogram.below
                    : step == kAbove ? histogram.above
                                     : histogram.steps.at(step - 1U);
    bin += CountEqual(steps, step);
  }
}

// Then (q − zero point) · scale has no rounding in a double, neither has the difference of two, and
// divided by the scale it is the difference of the integers.
bool StepsAreIntegers(const RawGroups& pairs, const PairKernel& kernel, double lsb) {
  constexpr double kLargestZeroPoint = 1 << 24;
  return kernel.integer_steps != nullptr && pairs.same_encoding &&
         pairs.target_encoding.scale == lsb &&
         std::abs(pairs.target_encoding.zero_point) <= kLargestZeroPoint;
}

void CountSteps(const RawGroups& pairs,
                const PairKernel& kernel,
                double lsb,
                LsbHistogram& histogram) {
  std::array<uint8_t, kBlockElements> steps;
  if (StepsAreIntegers(pairs, kernel, lsb)) {
    kernel.integer_steps(pairs, steps.data());
  } else {
    kernel.steps(pairs, lsb, steps.data());
  }
  AddSteps({steps.data(), pairs.groups * kLanes}, histogram);
}

void NotePlaces(const RawGroups& pairs,
                const PairKernel& kernel,
                const GroupStatistics& found,
                uint64_t first_index,
                Tally& tally) {
  const RawGroups unequal = Skip(pairs, found.equal_groups, kernel.element_size);
  const uint64_t first_unequal = first_index + found.equal_groups * kLanes;
  if (found.max_abs_error > tally.max_abs_error) {
    tally.max_abs_error_index = first_index;
    if (found.max_abs_error > 0) {
      const auto largest = kernel.find(unequal, found.max_abs_error);
      tally.max_abs_error_index = first_unequal + (largest ? largest->at : 0);
    }
    tally.max_abs_error = found.max_abs_error;
  }
  if (found.different > 0 && !tally.first_difference) {
    const auto first = kernel.find(unequal, std::numeric_limits<double>::denorm_min());
    if (first) {
      tally.first_difference = first_unequal + first->at;
      tally.first_difference_reference = first->reference;
      tally.first_difference_target = first->target;
    }
  }
}

void CountSaturated(const RawGroups& pairs,
                    const PairKernel& kernel,
                    const GroupStatistics& found,
                    const StatisticsOptions& options,
                    Tally& tally) {
  uint64_t reference = 0;
  if (Touches(found.reference, options.reference_limits)) {
    reference = kernel.count_saturated(
        pairs.reference, pairs.groups, pairs.reference_encoding, *options.reference_limits);
  }
  tally.saturated_reference += reference;
  if (found.equal_groups == pairs.groups && options.reference_limits == options.target_limits) {
    tally.saturated_target += reference;
  } else if (Touches(found.target, options.target_limits)) {
    tally.saturated_target += kernel.count_saturated(
        pairs.target, pairs.groups, pairs.target_encoding, *options.target_limits);
  }
}

}  // namespace

bool BlockStatistics::AddGroups(const RawGroups& pairs,
                                const PairKernel& kernel,
                                const StatisticsOptions& options) {
  GroupStatistics found;
  found.lanes = lanes_;
  found.equal_groups = pairs.same_encoding ? kernel.add_equal(pairs, found) : 0;
  const RawGroups unequal = Skip(pairs, found.equal_groups, kernel.element_size);
  if (unequal.groups > 0) {
    kernel.add(unequal, found);
  }
  if (!AllFinite(found.lanes)) {
    return false;
  }
  lanes_ = found.lanes;
  const uint64_t count = pairs.groups * kLanes;
  tally_.pairs += count;
  tally_.finite_pairs += count;
  tally_.different += found.different;
  NotePlaces(pairs, kernel, found, next_index_, tally_);
  CountSaturated(pairs, kernel, found, options, tally_);
  Widen(found.reference, tally_.reference);
  Widen(found.target, tally_.target);
  if (options.lsb > 0) {
    const bool any = found.different > 0;
    tally_.lsb.steps[LsbHistogram::kReach] += any ? found.equal_groups * kLanes : count;
    if (any) {
      CountSteps(unequal, kernel, options.lsb, tally_.lsb);
    }
  }
  if (options.elementwise && found.different > 0) {
    tally_.over_tolerance += kernel.count_beyond(unequal, options.atol, options.rtol);
  }
  next_index_ += count;
  return true;
}

}  // namespace plumb::analysis
