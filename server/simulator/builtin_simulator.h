// The built-in simulator as a Runner: plumb-simulator in a process of its own, so that a model it
// chokes on never takes the server with it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/runner/runner.h"

namespace plumb::server {

// plumb-simulator in the folder of the running program. kNotFound with reason simulator_failed says
// where it was looked for.
Result<std::filesystem::path> FindSimulatorProgram();

// A runner named "builtin simulator"; every Run starts a fresh process. Whatever goes wrong in it
// has reason simulator_failed.
std::shared_ptr<Runner> MakeBuiltinSimulator(const std::filesystem::path& program);

// What RunSpec::rounding_profile may be.
std::vector<std::string> BuiltinRoundingProfiles();

}  // namespace plumb::server
