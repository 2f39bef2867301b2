// The SDK's Python classes through our bridge: raw arrays, so that bit-exact comparison is
// possible.
#pragma once

#include <filesystem>

#include "server/simulator/external/produced.h"
#include "server/simulator/external/sgs_tools.h"

namespace plumb::server {

// plumb_sgs_bridge.py, which is installed in ../share/plumb of the programs. kNotFound, reason
// simulator_missing.
Result<std::filesystem::path> FindBridge();

Result<Produced> RunSgsPython(const SgsTools& tools, const Job& job, const CancelToken& cancel);

}  // namespace plumb::server
