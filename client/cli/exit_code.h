// The exit codes of docs/cli.md.
#pragma once

#include "common/base/status.h"

namespace plumb::client {

constexpr int kExitMatch = 0;
constexpr int kExitMismatch = 1;
constexpr int kExitUsage = 2;
constexpr int kExitInfrastructure = 3;
constexpr int kExitBoard = 4;
constexpr int kExitCoverage = 5;
constexpr int kExitNotRepeatable = 6;
constexpr int kExitInternal = 70;

// 0 for OK; otherwise by ClassifyFailure: usage 2, infrastructure (a cancelled run too) 3, board 4,
// internal 70.
int ExitCodeFor(const Status& status);

}  // namespace plumb::client
