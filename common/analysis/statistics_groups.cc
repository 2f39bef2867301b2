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
  pairs.reference += groups * kLanes * element_size;
  pairs.target += groups * kLanes * element_size;
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

// Several tables, because adding twice to one counter makes the second wait for the first.
void AddSteps(std::span<const uint8_t> steps, LsbHistogram& histogram) {
  constexpr size_t kBins = 2 * LsbHistogram::kReach + 3;
  std::array<std::array<uint32_t, 32>, kLanes> tables{};
  for (size_t i = 0; i + kLanes <= steps.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      ++tables[lane][steps[i + lane] % 32U];
    }
  }
  std::array<uint64_t, kBins> bins{};
  for (const auto& table : tables) {
    for (size_t bin = 0; bin < kBins; ++bin) {
      bins[bin] += table[bin];
    }
  }
  histogram.below += bins.front();
  histogram.above += bins.back();
  for (size_t step = 0; step < histogram.steps.size(); ++step) {
    histogram.steps[step] += bins[step + 1];
  }
}

void CountSteps(const RawGroups& pairs,
                const PairKernel& kernel,
                double lsb,
                LsbHistogram& histogram) {
  std::array<uint8_t, kBlockElements> steps;
  kernel.steps(pairs, lsb, steps.data());
  AddSteps({steps.data(), pairs.groups * kLanes}, histogram);
}

// `all` begins at `first_index`, `unequal` are those from the first with other bytes on.
void NotePlaces(const RawGroups& unequal,
                const PairKernel& kernel,
                const GroupStatistics& found,
                uint64_t first_index,
                uint64_t first_unequal_index,
                Tally& tally) {
  if (found.max_abs_error > tally.max_abs_error) {
    tally.max_abs_error_index = first_index;
    if (found.max_abs_error > 0) {
      const auto largest = kernel.find(unequal, found.max_abs_error);
      tally.max_abs_error_index = first_unequal_index + (largest ? largest->at : 0);
    }
    tally.max_abs_error = found.max_abs_error;
  }
  if (found.different > 0 && !tally.first_difference) {
    const auto first = kernel.find(unequal, std::numeric_limits<double>::denorm_min());
    if (first) {
      tally.first_difference = first_unequal_index + first->at;
      tally.first_difference_reference = first->reference;
      tally.first_difference_target = first->target;
    }
  }
}

void CountSaturated(const RawGroups& pairs,
                    const PairKernel& kernel,
                    bool all_equal,
                    const GroupStatistics& found,
                    const StatisticsOptions& options,
                    Tally& tally) {
  uint64_t reference = 0;
  if (Touches(found.reference, options.reference_limits)) {
    reference = kernel.count_saturated(
        pairs.reference, pairs.groups, pairs.reference_encoding, *options.reference_limits);
  }
  tally.saturated_reference += reference;
  if (all_equal && options.reference_limits == options.target_limits) {
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
  const size_t equal = pairs.same_encoding ? kernel.add_equal(pairs, found) : 0;
  const RawGroups unequal = Skip(pairs, equal, kernel.element_size);
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
  NotePlaces(unequal, kernel, found, next_index_, next_index_ + equal * kLanes, tally_);
  CountSaturated(pairs, kernel, unequal.groups == 0, found, options, tally_);
  Widen(found.reference, tally_.reference);
  Widen(found.target, tally_.target);
  if (options.lsb > 0) {
    const bool any = found.different > 0;
    tally_.lsb.steps[LsbHistogram::kReach] += any ? equal * kLanes : count;
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
