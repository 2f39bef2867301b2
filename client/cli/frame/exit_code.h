// The exit codes of docs/cli.md, under the names the verbs use.
#pragma once

#include "common/analysis/outcome.h"

namespace plumb::client {

using analysis::kExitBoard;
using analysis::kExitCoverage;
using analysis::kExitInfrastructure;
using analysis::kExitInternal;
using analysis::kExitMatch;
using analysis::kExitMismatch;
using analysis::kExitNotRepeatable;
using analysis::kExitUsage;

}  // namespace plumb::client
