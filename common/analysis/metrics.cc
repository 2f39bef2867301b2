#include "common/analysis/metrics.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/base/portable_math.h"
#include "common/base/text.h"

namespace plumb::analysis {
namespace {

std::optional<double> IfFinite(double value) {
  return std::isfinite(value) ? std::optional<double>(value) : std::nullopt;
}

// error / size, where nothing wrong on an empty reference is 0 and anything else has no value.
std::optional<double> Relative(double error, double size) {
  if (size == 0) {
    return error == 0 ? std::optional<double>(0.0) : std::nullopt;
  }
  return IfFinite(error / size);
}

std::optional<double> Cosine(const Sums& sums, const Tally& tally) {
  const bool reference_zero = tally.reference.low == 0 && tally.reference.high == 0;
  const bool target_zero = tally.target.low == 0 && tally.target.high == 0;
  // Two equal vectors have an angle of nothing, whatever their roots round to.
  if ((reference_zero && target_zero) || sums.absolute_error == 0) {
    return 1.0;
  }
  // A product of roots rather than a root of products, which would overflow earlier.
  const double lengths = std::sqrt(sums.squared_reference) * std::sqrt(sums.squared_target);
  if (lengths == 0 || !std::isfinite(lengths) || !std::isfinite(sums.product)) {
    return std::nullopt;
  }
  return std::clamp(sums.product / lengths, -1.0, 1.0);
}

std::optional<double> SqnrDb(const Sums& sums) {
  if (sums.squared_error == 0 || sums.squared_reference == 0) {
    return std::nullopt;
  }
  return IfFinite(10 * PortableLog10(sums.squared_reference / sums.squared_error));
}

void FillRatios(const Sums& sums, const Tally& tally, TensorReport& report) {
  const auto count = static_cast<double>(tally.finite_pairs);
  report.mse = IfFinite(sums.squared_error / count);
  if (report.mse) {
    report.rmse = std::sqrt(*report.mse);
    report.nrmse = Relative(*report.rmse, tally.reference.high - tally.reference.low);
  }
  report.relative_l1 = Relative(sums.absolute_error, sums.absolute_reference);
  const auto squares = Relative(sums.squared_error, sums.squared_reference);
  if (squares) {
    report.relative_l2 = std::sqrt(*squares);
  }
  report.cosine = Cosine(sums, tally);
  report.sqnr_db = SqnrDb(sums);
}

void FillLocations(const Tally& tally, TensorReport& report) {
  report.first_nonfinite_mismatch_index = tally.first_nonfinite_mismatch;
  report.first_difference_index = tally.first_difference;
  if (tally.first_difference) {
    report.first_difference_reference = tally.first_difference_reference;
    report.first_difference_target = tally.first_difference_target;
  }
  if (tally.first_nonfinite_mismatch &&
      (!tally.first_difference || *tally.first_nonfinite_mismatch < *tally.first_difference)) {
    report.first_difference_index = tally.first_nonfinite_mismatch;
    report.first_difference_reference.reset();
    report.first_difference_target.reset();
  }
}

}  // namespace

void FillMetrics(const Sums& sums, const Tally& tally, double lsb, TensorReport& report) {
  report.count = tally.pairs;
  report.different_elements = tally.different + tally.nonfinite_mismatches;
  report.equal = report.different_elements == 0;
  report.over_tolerance = tally.over_tolerance;
  report.nan_reference = tally.nan_reference;
  report.nan_target = tally.nan_target;
  report.inf_reference = tally.inf_reference;
  report.inf_target = tally.inf_target;
  report.saturated_reference = tally.saturated_reference;
  report.saturated_target = tally.saturated_target;
  FillLocations(tally, report);
  if (tally.finite_pairs == 0) {
    return;
  }
  FillRatios(sums, tally, report);
  report.reference_min = tally.reference.low;
  report.reference_max = tally.reference.high;
  report.target_min = tally.target.low;
  report.target_max = tally.target.high;
  report.max_abs_error = IfFinite(tally.max_abs_error);
  report.max_abs_error_index = tally.max_abs_error_index;
  if (lsb > 0) {
    report.max_lsb_error = IfFinite(tally.max_abs_error / lsb);
    report.lsb_histogram = tally.lsb;
  }
}

std::string ExplainMissing(const TensorReport& report) {
  if (!report.reference_min) {
    return report.count == 0 ? "" : "no pair of finite values: no metric exists";
  }
  const bool reference_zero = *report.reference_min == 0 && *report.reference_max == 0;
  const bool target_zero = *report.target_min == 0 && *report.target_max == 0;
  std::vector<std::string> parts;
  if (reference_zero && !target_zero) {
    parts.emplace_back("the reference is all zeros: no relative error and no cosine exist");
  } else if (target_zero && !reference_zero) {
    parts.emplace_back("the target is all zeros: no cosine exists");
  } else if (!report.mse || !report.relative_l1 || !report.relative_l2 || !report.cosine) {
    parts.emplace_back("values or their squares are beyond what a double holds");
  }
  if (report.mse && !report.nrmse) {
    parts.emplace_back("the reference is constant: no nrmse exists");
  }
  return Join(parts, "; ");
}

}  // namespace plumb::analysis
