// Runs a command line inside the test and keeps what it printed.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "client/cli/frame/command_line.h"

namespace plumb::client {

struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string error;
};

// What `plumb ARGUMENTS…` does, off a terminal unless `terminal`.
inline Outcome Plumb(std::vector<std::string> arguments,
                     EnvironmentMap environment = {},
                     bool terminal = false) {
  std::ostringstream out;
  std::ostringstream error;
  CommandLine command_line;
  command_line.arguments = std::move(arguments);
  command_line.environment = std::move(environment);
  command_line.streams = {&out, &error, terminal, terminal, 80};
  Outcome outcome;
  outcome.exit_code = RunCommandLine(command_line);
  outcome.out = out.str();
  outcome.error = error.str();
  return outcome;
}

}  // namespace plumb::client
