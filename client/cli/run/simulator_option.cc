#include "client/cli/run/simulator_option.h"

#include "client/cli/frame/usage.h"

#include <CLI/CLI.hpp>

namespace plumb::client {

void SimulatorOption::Declare(CLI::App& app) {
  app.add_option("--simulator", name_, "What computes the reference")
      ->check(CLI::IsMember({"builtin", "sgs", "command"}))
      ->capture_default_str();
  server::AddSimulatorFlags(app, flags_);
  server::AddSdkImageFlags(app, flags_);
}

Status SimulatorOption::Check(bool remote, bool inputs_given) const {
  if (remote && flags_.given()) {
    return UsageError("flags of the simulator are given for a run on a server",
                      "a server runs the simulators it was started with; give --sdk… and "
                      "--simulator-… to plumb-server, or run with --local");
  }
  if (makes_inputs() && name_ != "sgs") {
    return UsageError("--sdk-image is given, but the simulator is " + name_, "add --simulator sgs");
  }
  if (!inputs_given && !makes_inputs()) {
    return UsageError("no --input is given",
                      "add --input FILE, or with --simulator sgs a picture: --sdk-image P "
                      "--sdk-preprocess N.py");
  }
  if (name_ == "command" && !remote && flags_.command.empty()) {
    return UsageError("--simulator command has no command",
                      "add --simulator-command 'sim --model {model} --out {result} {inputs}'");
  }
  if (name_ != "command" && (!flags_.command.empty() || flags_.shell)) {
    return UsageError("--simulator-command is given, but the simulator is " + name_,
                      "add --simulator command");
  }
  return OkStatus();
}

Result<std::shared_ptr<server::Simulators>> SimulatorOption::Make() {
  server::SimulatorsOptions options;
  PLUMB_ASSIGN_OR_RETURN(options.external, server::OptionsFrom(flags_));
  simulators_ = std::make_shared<server::Simulators>(std::move(options));
  return simulators_;
}

Result<std::vector<std::string>> SimulatorOption::Inputs(const std::vector<std::string>& inputs,
                                                         const std::string& model,
                                                         const CancelToken& cancel) const {
  if (!inputs.empty() || !simulators_) {
    return inputs;
  }
  PLUMB_ASSIGN_OR_RETURN(const auto dumps, simulators_->DumpInputs(model, cancel));
  std::vector<std::string> names;
  names.reserve(dumps.size());
  for (const auto& dump : dumps) {
    names.push_back(dump.string());
  }
  return names;
}

}  // namespace plumb::client
