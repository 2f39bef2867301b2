// The models of `plumb layers --live` from what the person typed.
#pragma once

#include "client/cli/legs/leg_runs.h"
#include "client/cli/legs/run_legs.h"
#include "common/base/status.h"

namespace plumb::client {

// Loads what is named and compiles a fixed model for the virtual board where no offline model is.
// A network that our importers refuse is left to the framework's engine. Usage errors name the flag
// and what to write instead.
Result<LegModels> LoadLegModels(const LegsOptions& options);

// "float,fixed": a usage error for a word that is no stage, or fewer than two. Empty: all.
Result<WantedStages> ParseStages(const std::string& stages);

}  // namespace plumb::client
