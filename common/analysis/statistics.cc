#include "common/analysis/statistics.h"

#include <algorithm>
#include <cmath>

namespace plumb::analysis {
namespace {

double Fold(const LaneSums& lanes) {
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
         ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

// Adding 0 makes −0 a 0: which zero came first depends on the order of looking.
void Widen(double value, Range& range) {
  range.low = std::min(range.low, value) + 0.0;
  range.high = std::max(range.high, value) + 0.0;
}

bool Saturated(double value, const std::optional<TypeLimits>& limits) {
  return limits && (value <= limits->low || value >= limits->high);
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
  for (size_t i = 0; i < pairs.reference.size(); ++i) {
    const double r = pairs.reference[i];
    const double t = pairs.target[i];
    if (std::isfinite(r) && std::isfinite(t)) {
      AddFinite(r, t, pairs.difference[i], options);
    } else {
      CountNonFinite(r, t, next_index_, tally_);
    }
    ++tally_.pairs;
    ++next_index_;
  }
}

void BlockStatistics::AddFinite(double r, double t, double d, const StatisticsOptions& options) {
  const size_t lane = next_index_ % kLanes;
  const double magnitude = std::abs(d);
  lanes_.squared_error[lane] += d * d;
  lanes_.absolute_error[lane] += magnitude;
  lanes_.squared_reference[lane] += r * r;
  lanes_.absolute_reference[lane] += std::abs(r);
  lanes_.squared_target[lane] += t * t;
  lanes_.product[lane] += r * t;
  ++tally_.finite_pairs;
  Widen(r, tally_.reference);
  Widen(t, tally_.target);
  tally_.saturated_reference += Saturated(r, options.reference_limits) ? 1 : 0;
  tally_.saturated_target += Saturated(t, options.target_limits) ? 1 : 0;
  if (magnitude > tally_.max_abs_error) {
    tally_.max_abs_error = magnitude;
    tally_.max_abs_error_index = next_index_;
  }
  if (d != 0) {
    if (!tally_.first_difference) {
      tally_.first_difference = next_index_;
      tally_.first_difference_reference = r;
      tally_.first_difference_target = t;
    }
    ++tally_.different;
    const double limit = options.atol + options.rtol * std::abs(r);
    tally_.over_tolerance += options.elementwise && !(magnitude <= limit) ? 1 : 0;
  }
  if (options.lsb > 0) {
    AddStep(d, options.lsb, tally_.lsb);
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

bool ErrorStatistics::AddGroups(const RawGroups& pairs, const PairKernel& kernel) {
  const bool added = open_.AddGroups(pairs, kernel, options_);
  if (added && open_.complete()) {
    Append(open_);
  }
  return added;
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
