#include "common/analysis/judge.h"

#include <vector>

#include "common/base/text.h"

namespace plumb::analysis {
namespace {

std::string Number(const std::optional<double>& value) {
  return value ? ShortestDouble(*value) : "null";
}

std::string BrokenLimit(const Tolerance& tolerance, const TensorReport& report) {
  if (report.first_nonfinite_mismatch_index) {
    return "nan or inf on one side";
  }
  if (tolerance.demands_equality()) {
    return report.different_elements > 0 ? "different_elements > 0" : "";
  }
  if (tolerance.elementwise() && report.over_tolerance > 0) {
    return "|d| > " + Number(tolerance.atol.value_or(0)) + " + " +
           Number(tolerance.rtol.value_or(0)) + "*|r|";
  }
  const bool any_numbers = report.reference_min.has_value();
  if (!any_numbers) {
    return "";  // only NaN or Inf, and those agree
  }
  if (tolerance.min_cosine && !(report.cosine && *report.cosine >= *tolerance.min_cosine)) {
    return "cosine < " + Number(tolerance.min_cosine);
  }
  if (tolerance.max_relative_l1 &&
      !(report.relative_l1 && *report.relative_l1 <= *tolerance.max_relative_l1)) {
    return "rel_l1 > " + Number(tolerance.max_relative_l1);
  }
  return "";
}

std::string IndexText(const TensorReport& report, uint64_t flat_index) {
  std::vector<std::string> parts;
  for (const int64_t position : PositionOf(report, flat_index)) {
    parts.push_back(std::to_string(position));
  }
  return "[" + Join(parts, ",") + "]";
}

std::string DifferenceText(const TensorReport& report) {
  std::string text = std::to_string(report.different_elements) + " of " +
                     std::to_string(report.count) + " elements differ";
  if (report.max_abs_error && *report.max_abs_error > 0) {
    text += ", the largest difference is " + Number(report.max_abs_error) + " at " +
            IndexText(report, *report.max_abs_error_index);
  }
  if (report.max_lsb_error && *report.max_lsb_error > 0) {
    text += " (" + Number(report.max_lsb_error) + " LSB)";
  }
  return text;
}

std::string NonFiniteText(const TensorReport& report) {
  return "NaN or Inf on one side, first at " +
         IndexText(report, *report.first_nonfinite_mismatch_index) + ": reference " +
         std::to_string(report.nan_reference) + " NaN, " + std::to_string(report.inf_reference) +
         " Inf; target " + std::to_string(report.nan_target) + " NaN, " +
         std::to_string(report.inf_target) + " Inf";
}

std::string MismatchText(const std::string& rule, const TensorReport& report) {
  if (report.first_nonfinite_mismatch_index) {
    return NonFiniteText(report);
  }
  if (rule.starts_with("cosine")) {
    return "cosine is " + Number(report.cosine) + ": " + rule + "; " + DifferenceText(report);
  }
  if (rule.starts_with("rel_l1")) {
    return "rel_l1 is " + Number(report.relative_l1) + ": " + rule + "; " + DifferenceText(report);
  }
  if (rule.starts_with("|d|")) {
    return std::to_string(report.over_tolerance) + " elements with " + rule + "; " +
           DifferenceText(report);
  }
  return DifferenceText(report);
}

std::string MatchText(const TensorReport& report) {
  return report.equal ? "equal" : "within the limits; " + DifferenceText(report);
}

}  // namespace

void Judge(const Tolerance& tolerance, bool complete, TensorReport& report) {
  const std::string rule = BrokenLimit(tolerance, report);
  const bool certain = tolerance.demands_equality() || report.first_nonfinite_mismatch_index;
  if (!complete) {
    const bool broken = certain && !rule.empty();
    report.verdict = broken ? Verdict::kMismatch : Verdict::kNotCompared;
    report.rule = broken ? rule : "";
    report.reason = (broken ? MismatchText(rule, report) + "; " : "") + "not all values are there";
    return;
  }
  if (report.count == 0) {
    report.verdict = Verdict::kNotCompared;
    report.reason = "the tensor is empty";
    return;
  }
  report.verdict = rule.empty() ? Verdict::kMatch : Verdict::kMismatch;
  report.rule = rule;
  report.reason = rule.empty() ? MatchText(report) : MismatchText(rule, report);
}

}  // namespace plumb::analysis
