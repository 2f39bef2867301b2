// What the core needs of a simulator; server/app fills it in.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/runner/runner.h"
#include "server/core/run_types.h"

namespace plumb::server {

// A simulator that can be started more than once.
struct Simulator {
  std::function<std::shared_ptr<Runner>()> make;
  std::vector<std::string> rounding_profiles;  // that RunSpec::rounding_profile may name
};

// The simulator for a choice other than kRecordedRun; an error says what this server lacks.
using SimulatorSource = std::function<Result<Simulator>(ReferenceKind kind)>;

}  // namespace plumb::server
