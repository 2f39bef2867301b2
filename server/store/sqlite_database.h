// The embedded engine: one file on a local disk, held by one process.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/store/database.h"

namespace plumb::store {

// Milliseconds since 1970 that never jump while the process lives, whatever is done to the system's
// clock.
std::function<int64_t()> SteadyUnixClock();

// WAL, synchronous=FULL, every transaction BEGIN IMMEDIATE. kFailedPrecondition when another
// process has the file open, kUnavailable or kDataLoss when it cannot be read.
Result<std::unique_ptr<Database>> OpenSqlite(const std::string& path,
                                             std::function<int64_t()> clock = SteadyUnixClock());

}  // namespace plumb::store
