// From what was found to the verdict and the exit code of docs/cli.md.
#pragma once

#include "common/analysis/report.h"

namespace plumb::analysis {

constexpr int kExitMatch = 0;
constexpr int kExitMismatch = 1;
constexpr int kExitUsage = 2;
constexpr int kExitInfrastructure = 3;
constexpr int kExitBoard = 4;
constexpr int kExitCoverage = 5;
constexpr int kExitNotRepeatable = 6;
constexpr int kExitInternal = 70;

struct OutcomeOptions {
  double min_coverage_percent = 100;
  bool target_repeatable = true;  // false: the target's repetitions differ from each other
  bool wrong_input = false;       // the target was given another input, so that nothing was run
};

// Exit code of an error alone: 2, 3, 4 or 70 (common/runner/failure.h); 0 for OK.
int ExitCodeOf(const Status& error);

// Sets verdict, exit_code and first_divergence from error, tensors, coverage and diagnosis. Order
// when several hold: 70, 2, 3, 4, 6, 1, 5, but the causes stale_output and unwritten_output are
// judged before 6, and a wrong input before anything but an error. With an error or exit 6 the
// verdict is not_compared.
void DecideOutcome(const OutcomeOptions& options, ComparisonReport& report);

}  // namespace plumb::analysis
