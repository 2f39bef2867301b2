// What every way into the SDK needs, found once.
#pragma once

#include <chrono>
#include <string>

#include "server/simulator/external/options.h"
#include "server/simulator/external/sdk.h"
#include "server/simulator/external/sdk_environment.h"

namespace plumb::server {

struct SgsTools {
  SgsOptions options;
  SgsSdk sdk;
  Environment environment;
  std::string python;  // full path
  std::chrono::milliseconds time_limit{0};
};

}  // namespace plumb::server
