// The flags that configure external simulators, the same for plumb-server and `plumb run --local`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "server/simulator/external/options.h"

namespace CLI {
class App;
}  // namespace CLI

namespace plumb::server {

struct SimulatorFlags {
  std::string sdk;
  std::string python;
  std::string api = "auto";
  std::string option_set = "auto";
  std::string extra;
  std::vector<std::string> images;
  std::vector<std::string> preprocess;
  std::string command;
  bool shell = false;
  std::string time_limit = "10m";

  // True when any flag was given: a client of a remote server must not.
  [[nodiscard]] bool given() const;
};

// --sdk, --sdk-python.
void AddSdkFlags(CLI::App& app, SimulatorFlags& flags);
// Those, and --sdk-api, --sdk-options, --sdk-extra, --simulator-command, --simulator-shell,
// --simulator-timeout.
void AddSimulatorFlags(CLI::App& app, SimulatorFlags& flags);
// --sdk-image, --sdk-preprocess.
void AddSdkImageFlags(CLI::App& app, SimulatorFlags& flags);

// Paths become absolute. kInvalidArgument, reason usage, names the flag.
Result<ExternalOptions> OptionsFrom(const SimulatorFlags& flags);

}  // namespace plumb::server
