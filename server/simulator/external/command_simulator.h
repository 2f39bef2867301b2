// Any program that follows the contract of docs/simulators.md.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/simulator/external/options.h"
#include "server/simulator/external/produced.h"

namespace plumb::server {

// Runs `argv` (placeholders as FillPlaceholders) in a private working folder and reads the tensor
// folder it wrote into {result}. The environment also names PLUMB_MODEL, PLUMB_RESULT,
// PLUMB_INPUT_COUNT, PLUMB_INPUT_0 ….
struct CommandPlan {
  std::string name;  // for messages
  std::vector<std::string> argv;
  bool fill_placeholders = true;  // not in a shell's text: it has the environment instead
  std::map<std::string, std::string> environment;
  std::chrono::milliseconds time_limit{0};
};

Result<Produced> RunCommand(const CommandPlan& plan, const Job& job, const CancelToken& cancel);

// kInvalidArgument, reason usage: there is no command, or it cannot be split.
Result<std::shared_ptr<Computation>> MakeCommandComputation(const CommandOptions& options,
                                                            std::chrono::milliseconds time_limit);

}  // namespace plumb::server
