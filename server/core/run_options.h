// How a server treats its runs.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "common/analysis/report.h"
#include "server/core/limits.h"
#include "server/core/run_types.h"
#include "server/farm/farm.h"
#include "server/hooks/hook_runner.h"

namespace plumb::server {

struct RunManagerOptions {
  std::chrono::milliseconds resume_grace{5'000};  // for an agent to come back in mid-run
  std::string version;                            // for reports
  ServerLimits limits;
  // When the server stops, runs that wait stay in the store for another server, or for the next.
  bool keep_queue = false;
  // Called on the strand for every run that is over.
  std::function<void(const RunSummary& run, const analysis::ComparisonReport& report)> on_finished;
  std::shared_ptr<HookRunner> hooks;  // what the lab wants done around its boards; may be null
};

// What a server needs of the farm.
struct FarmAccess {
  std::unique_ptr<store::Store> store;
  std::string farm_id;
  FarmOptions options;
};

}  // namespace plumb::server
