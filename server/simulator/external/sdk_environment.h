// What the SDK's cfg_env.sh changes in the environment.
#pragma once

#include <map>
#include <string>

#include "common/base/cancel.h"
#include "common/base/status.h"
#include "server/simulator/external/sdk.h"

namespace plumb::server {

using Environment = std::map<std::string, std::string>;

// Sources cfg_env.sh in a child bash, inside the SDK's folder, without input and for at most 20 s,
// and keeps only the variables that differ afterwards. Empty when the SDK has no cfg_env.sh.
// simulator_missing when there is no bash, simulator_hung or simulator_crashed when the script
// hangs or ends the shell.
Result<Environment> SourceSdkEnvironment(const SgsSdk& sdk, const CancelToken& cancel);

// The full path of `program` as it is found in the PATH of `environment` (this process's where it
// sets none); `program` itself where it holds a '/'. simulator_python when it is not there.
Result<std::string> FindPython(const std::string& program, const Environment& environment);

}  // namespace plumb::server
