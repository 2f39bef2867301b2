#include "common/analysis/report.h"

namespace plumb::analysis {

std::string_view RoleName(Role role) {
  return role == Role::kReference ? "reference" : "target";
}

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kMatch:
      return "match";
    case Verdict::kMismatch:
      return "mismatch";
    case Verdict::kNotCompared:
      break;
  }
  return "not_compared";
}

std::optional<Verdict> ParseVerdict(std::string_view name) {
  for (const Verdict verdict : {Verdict::kMatch, Verdict::kMismatch, Verdict::kNotCompared}) {
    if (VerdictName(verdict) == name) {
      return verdict;
    }
  }
  return std::nullopt;
}

std::vector<int64_t> PositionOf(const TensorReport& report, uint64_t flat_index) {
  // A complex number is two values of one element.
  const uint64_t element =
      report.element_type == ElementType::kComplex64 ? flat_index / 2 : flat_index;
  if (IsPicture(report.element_type) || element >= report.shape.element_count().value_or(0)) {
    return {static_cast<int64_t>(flat_index)};
  }
  const auto position = report.shape.Unravel(element);
  return {position.begin(), position.begin() + static_cast<std::ptrdiff_t>(report.shape.rank())};
}

double Coverage::percent() const {
  const auto missing = static_cast<double>(missing_in_target.size() + missing_in_reference.size());
  const auto found = static_cast<double>(matched);
  return matched == 0 ? 0 : 100 * found / (found + missing);
}

}  // namespace plumb::analysis
