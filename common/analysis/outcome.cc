#include "common/analysis/outcome.h"

#include <algorithm>

#include "common/runner/failure.h"

namespace plumb::analysis {
namespace {

bool Has(const ComparisonReport& report, Verdict verdict) {
  return std::any_of(report.tensors.begin(), report.tensors.end(), [verdict](const auto& tensor) {
    return tensor.verdict == verdict;
  });
}

bool OutputWasNotWritten(const ComparisonReport& report) {
  return std::any_of(report.diagnosis.begin(), report.diagnosis.end(), [](const auto& found) {
    return found.cause == "stale_output" || found.cause == "unwritten_output";
  });
}

void FindFirstDivergence(ComparisonReport& report) {
  report.first_divergence.reset();
  for (const auto& tensor : report.tensors) {
    if (tensor.verdict == Verdict::kMismatch) {
      report.first_divergence = FirstDivergence{tensor.name, tensor.index, tensor.rule};
      return;
    }
  }
}

}  // namespace

int ExitCodeOf(const Status& error) {
  switch (ClassifyFailure(error)) {
    case FailureClass::kNone:
      return kExitMatch;
    case FailureClass::kUsage:
      return kExitUsage;
    case FailureClass::kInfrastructure:
      return kExitInfrastructure;
    case FailureClass::kBoard:
      return kExitBoard;
    case FailureClass::kInternal:
      break;
  }
  return kExitInternal;
}

void DecideOutcome(const OutcomeOptions& options, ComparisonReport& report) {
  const auto decide = [&report](Verdict verdict, int exit_code) {
    report.verdict = verdict;
    report.exit_code = exit_code;
  };
  FindFirstDivergence(report);
  if (!report.error.ok()) {
    return decide(Verdict::kNotCompared, ExitCodeOf(report.error));
  }
  if (options.wrong_input || OutputWasNotWritten(report)) {
    return decide(Verdict::kMismatch, kExitMismatch);
  }
  if (!options.target_repeatable) {
    return decide(Verdict::kNotCompared, kExitNotRepeatable);
  }
  if (Has(report, Verdict::kMismatch)) {
    return decide(Verdict::kMismatch, kExitMismatch);
  }
  const bool anything = Has(report, Verdict::kMatch);
  if (!anything || report.coverage.percent() < options.min_coverage_percent) {
    return decide(Verdict::kNotCompared, kExitCoverage);
  }
  decide(Verdict::kMatch, kExitMatch);
}

}  // namespace plumb::analysis
