#include "common/analysis/statistics.h"

#include <algorithm>
#include <cmath>

namespace plumb::analysis {
namespace {

using Lane = std::array<double, kLanes>;

// Calls term(i) for every i in [0, count) and adds it to lane (first_lane + i) mod 8. The inner
// loop over whole groups has no dependency between lanes, so compilers make vectors of it.
template <class Term>
void AddToLanes(Lane& lanes, size_t first_lane, size_t count, Term term) {
  size_t i = 0;
  for (; i < count && (first_lane + i) % kLanes != 0; ++i) {
    lanes[(first_lane + i) % kLanes] += term(i);
  }
  Lane sums = lanes;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      sums[lane] += term(i + lane);
    }
  }
  lanes = sums;
  for (size_t lane = 0; i < count; ++i, ++lane) {
    lanes[lane] += term(i);
  }
}

double Fold(const Lane& lanes) {
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
         ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

// A difference is finite when both sides are (or it overflowed, which the slow path sorts out).
bool AllFinite(std::span<const double> differences) {
  Lane zeros{};
  AddToLanes(zeros, 0, differences.size(), [&](size_t i) { return differences[i] * 0.0; });
  return Fold(zeros) == 0;
}

double LargestMagnitude(std::span<const double> values) {
  Lane largest{};
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const double magnitude = std::abs(values[i + lane]);
      largest[lane] = magnitude > largest[lane] ? magnitude : largest[lane];
    }
  }
  for (; i < values.size(); ++i) {
    largest[0] = std::max(largest[0], std::abs(values[i]));
  }
  return *std::max_element(largest.begin(), largest.end());
}

void Widen(std::span<const double> values, Range& range) {
  Lane low;
  Lane high;
  low.fill(range.low);
  high.fill(range.high);
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const double value = values[i + lane];
      low[lane] = value < low[lane] ? value : low[lane];
      high[lane] = value > high[lane] ? value : high[lane];
    }
  }
  for (; i < values.size(); ++i) {
    low[0] = std::min(low[0], values[i]);
    high[0] = std::max(high[0], values[i]);
  }
  range.low = *std::min_element(low.begin(), low.end());
  range.high = *std::max_element(high.begin(), high.end());
}

uint64_t CountSaturated(std::span<const double> values, const std::optional<TypeLimits>& limits) {
  if (!limits) {
    return 0;
  }
  const auto saturated = [&](double value) {
    return value <= limits->low || value >= limits->high;
  };
  return static_cast<uint64_t>(std::count_if(values.begin(), values.end(), saturated));
}

void AddStep(double difference, double lsb, LsbHistogram& histogram) {
  const double steps = std::nearbyint(difference / lsb);
  if (steps < -LsbHistogram::kReach) {
    ++histogram.below;
  } else if (steps > LsbHistogram::kReach) {
    ++histogram.above;
  } else {
    const int slot = static_cast<int>(steps) + LsbHistogram::kReach;
    ++histogram.steps.at(static_cast<size_t>(slot));
  }
}

void MergeFirst(const std::optional<uint64_t>& next, std::optional<uint64_t>& first) {
  if (!first) {
    first = next;
  }
}

void MergeHistogram(const LsbHistogram& from, LsbHistogram& into) {
  for (size_t i = 0; i < from.steps.size(); ++i) {
    into.steps.at(i) += from.steps.at(i);
  }
  into.below += from.below;
  into.above += from.above;
}

// `next` holds pairs of higher indexes than `into`.
void Merge(const Tally& next, Tally& into) {
  into.pairs += next.pairs;
  into.finite_pairs += next.finite_pairs;
  into.different += next.different;
  into.over_tolerance += next.over_tolerance;
  into.nan_reference += next.nan_reference;
  into.nan_target += next.nan_target;
  into.inf_reference += next.inf_reference;
  into.inf_target += next.inf_target;
  into.nonfinite_mismatches += next.nonfinite_mismatches;
  into.saturated_reference += next.saturated_reference;
  into.saturated_target += next.saturated_target;
  if (next.max_abs_error > into.max_abs_error) {
    into.max_abs_error = next.max_abs_error;
    into.max_abs_error_index = next.max_abs_error_index;
  }
  if (!into.first_difference && next.first_difference) {
    into.first_difference_reference = next.first_difference_reference;
    into.first_difference_target = next.first_difference_target;
  }
  MergeFirst(next.first_difference, into.first_difference);
  MergeFirst(next.first_nonfinite_mismatch, into.first_nonfinite_mismatch);
  into.reference.low = std::min(into.reference.low, next.reference.low);
  into.reference.high = std::max(into.reference.high, next.reference.high);
  into.target.low = std::min(into.target.low, next.target.low);
  into.target.high = std::max(into.target.high, next.target.high);
  MergeHistogram(next.lsb, into.lsb);
}

void Merge(const Sums& next, Sums& into) {
  into.squared_error += next.squared_error;
  into.absolute_error += next.absolute_error;
  into.squared_reference += next.squared_reference;
  into.absolute_reference += next.absolute_reference;
  into.squared_target += next.squared_target;
  into.product += next.product;
}

void NoteFirstDifference(const PairSpan& pairs, uint64_t first_index, Tally& tally) {
  const auto& d = pairs.difference;
  const auto found = std::find_if(d.begin(), d.end(), [](double value) { return value != 0; });
  if (tally.first_difference || found == d.end()) {
    return;
  }
  const auto at = static_cast<size_t>(found - d.begin());
  tally.first_difference = first_index + at;
  tally.first_difference_reference = pairs.reference[at];
  tally.first_difference_target = pairs.target[at];
}

uint64_t CountOverTolerance(const PairSpan& pairs, const StatisticsOptions& options) {
  uint64_t count = 0;
  for (size_t i = 0; i < pairs.difference.size(); ++i) {
    const double limit = options.atol + options.rtol * std::abs(pairs.reference[i]);
    count += std::abs(pairs.difference[i]) <= limit ? 0 : 1;
  }
  return count;
}

void CountNonFinite(double r, double t, uint64_t index, Tally& tally) {
  tally.nan_reference += std::isnan(r) ? 1 : 0;
  tally.nan_target += std::isnan(t) ? 1 : 0;
  tally.inf_reference += std::isinf(r) ? 1 : 0;
  tally.inf_target += std::isinf(t) ? 1 : 0;
  const bool same = (std::isnan(r) && std::isnan(t)) || r == t;
  if (!same) {
    ++tally.nonfinite_mismatches;
    MergeFirst(index, tally.first_nonfinite_mismatch);
  }
}

PairSpan Part(const PairSpan& pairs, size_t offset, size_t count) {
  return {pairs.reference.subspan(offset, count),
          pairs.target.subspan(offset, count),
          pairs.difference.subspan(offset, count)};
}

}  // namespace

void BlockStatistics::Add(const PairSpan& pairs, const StatisticsOptions& options) {
  if (pairs.reference.empty()) {
    return;
  }
  if (AllFinite(pairs.difference)) {
    AddFinite(pairs, options);
  } else {
    AddMixed(pairs, options);
  }
}

void BlockStatistics::AddFinite(const PairSpan& pairs, const StatisticsOptions& options) {
  const auto& [r, t, d] = pairs;
  const size_t count = r.size();
  const size_t lane = next_index_ % kLanes;
  const double* reference = r.data();
  const double* target = t.data();
  const double* difference = d.data();
  AddToLanes(
      lanes_.squared_error, lane, count, [=](size_t i) { return difference[i] * difference[i]; });
  AddToLanes(lanes_.absolute_error, lane, count, [=](size_t i) { return std::abs(difference[i]); });
  AddToLanes(
      lanes_.squared_reference, lane, count, [=](size_t i) { return reference[i] * reference[i]; });
  AddToLanes(
      lanes_.absolute_reference, lane, count, [=](size_t i) { return std::abs(reference[i]); });
  AddToLanes(lanes_.squared_target, lane, count, [=](size_t i) { return target[i] * target[i]; });
  AddToLanes(lanes_.product, lane, count, [=](size_t i) { return reference[i] * target[i]; });

  AddDifferences(pairs, options);
  Widen(r, tally_.reference);
  Widen(t, tally_.target);
  tally_.saturated_reference += CountSaturated(r, options.reference_limits);
  tally_.saturated_target += CountSaturated(t, options.target_limits);
  tally_.pairs += count;
  tally_.finite_pairs += count;
  next_index_ += count;
}

void BlockStatistics::AddDifferences(const PairSpan& pairs, const StatisticsOptions& options) {
  const auto& d = pairs.difference;
  const double largest = LargestMagnitude(d);
  if (largest > tally_.max_abs_error) {
    const auto at = std::find_if(
        d.begin(), d.end(), [largest](double value) { return std::abs(value) == largest; });
    tally_.max_abs_error = largest;
    tally_.max_abs_error_index = next_index_ + static_cast<uint64_t>(at - d.begin());
  }
  if (largest == 0) {
    if (options.lsb > 0) {
      tally_.lsb.steps[LsbHistogram::kReach] += d.size();
    }
    return;
  }
  NoteFirstDifference(pairs, next_index_, tally_);
  for (const double difference : d) {
    tally_.different += difference != 0 ? 1 : 0;
  }
  if (options.lsb > 0) {
    for (const double difference : d) {
      AddStep(difference, options.lsb, tally_.lsb);
    }
  }
  if (options.elementwise) {
    tally_.over_tolerance += CountOverTolerance(pairs, options);
  }
}

// One pair at a time: finite ones as everywhere, the others are counted and left out of the sums.
void BlockStatistics::AddMixed(const PairSpan& pairs, const StatisticsOptions& options) {
  for (size_t i = 0; i < pairs.reference.size(); ++i) {
    const double r = pairs.reference[i];
    const double t = pairs.target[i];
    if (std::isfinite(r) && std::isfinite(t)) {
      AddFinite(Part(pairs, i, 1), options);
      continue;
    }
    CountNonFinite(r, t, next_index_, tally_);
    ++tally_.pairs;
    ++next_index_;
  }
}

Sums BlockStatistics::sums() const {
  return {Fold(lanes_.squared_error),
          Fold(lanes_.absolute_error),
          Fold(lanes_.squared_reference),
          Fold(lanes_.absolute_reference),
          Fold(lanes_.squared_target),
          Fold(lanes_.product)};
}

void ErrorStatistics::Add(const PairSpan& pairs) {
  size_t done = 0;
  while (done < pairs.reference.size()) {
    const uint64_t room = kBlockElements - open_.next_index() % kBlockElements;
    const size_t count =
        static_cast<size_t>(std::min<uint64_t>(room, pairs.reference.size() - done));
    open_.Add(Part(pairs, done, count), options_);
    done += count;
    if (open_.complete()) {
      Append(open_);
    }
  }
}

void ErrorStatistics::Append(const BlockStatistics& block) {
  Merge(block.sums(), closed_sums_);
  Merge(block.tally(), closed_tally_);
  open_ = BlockStatistics(block.next_index());
}

Sums ErrorStatistics::sums() const {
  Sums all = closed_sums_;
  Merge(open_.sums(), all);
  return all;
}

Tally ErrorStatistics::tally() const {
  Tally all = closed_tally_;
  Merge(open_.tally(), all);
  return all;
}

}  // namespace plumb::analysis
