// What `plumb layers --live` found, and how it is written: for people, as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/frame/console.h"
#include "client/cli/legs/leg_runs.h"
#include "common/analysis/report.h"
#include "common/base/status.h"
#include "common/legs/leg_table.h"

namespace plumb::client {

struct LegsReport {
  std::string model;
  std::string input;
  std::vector<LegRun> runs;             // one per stage
  std::optional<legs::LegTable> table;  // empty: fewer than two legs show layers
  double compare_ms = 0;
  Status error;
  analysis::Verdict verdict = analysis::Verdict::kNotCompared;
  int exit_code = 0;

  // The run of leg `leg` of the table.
  [[nodiscard]] const LegRun& RunOf(size_t leg) const;
};

struct LegsDemands {
  double min_coverage = 100;  // percent
  bool stages_named = false;  // what was named must run
};

// Sets verdict and exit_code: the first of a leg that failed (its own code), a gap (1), coverage or
// a named leg that cannot be run (5).
void DecideLegs(const LegsDemands& demands, LegsReport& report);

void SayLegs(Console& console, const LegsReport& report);
std::string LegsToJson(const LegsReport& report);

}  // namespace plumb::client
