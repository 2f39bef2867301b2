#include "server/app/simulators.h"

#include <utility>

#include "common/runner/failure.h"
#include "server/simulator/builtin_simulator.h"
#include "server/simulator/external/command_simulator.h"
#include "server/simulator/external/external_runner.h"
#include "server/simulator/external/sgs_simulator.h"

namespace plumb::server {

struct Simulators::State {
  SimulatorsOptions options;
  std::shared_ptr<SgsSimulator> sgs;
};

namespace {

Simulator External(const std::string& name, std::shared_ptr<Computation> computation) {
  Simulator simulator;
  simulator.make = [name, computation = std::move(computation)] {
    return std::make_shared<ExternalRunner>(
        ExternalRunnerOptions{name, std::string(kReasonSimulatorFailed)}, computation);
  };
  return simulator;
}

Result<Simulator> Builtin(std::filesystem::path program) {
  if (program.empty()) {
    PLUMB_ASSIGN_OR_RETURN(program, FindSimulatorProgram());
  }
  Simulator simulator;
  simulator.make = [program] { return MakeBuiltinSimulator(program); };
  simulator.rounding_profiles = BuiltinRoundingProfiles();
  return simulator;
}

}  // namespace

Simulators::Simulators(SimulatorsOptions options)
    : state_(std::make_unique<State>(State{std::move(options), nullptr})) {
  const ExternalOptions& external = state_->options.external;
  state_->sgs = std::make_shared<SgsSimulator>(external.sgs, external.time_limit);
}

Simulators::~Simulators() = default;

Result<Simulator> Simulators::Make(ReferenceKind kind) const {
  const ExternalOptions& external = state_->options.external;
  switch (kind) {
    case ReferenceKind::kBuiltin:
      return Builtin(state_->options.builtin);
    case ReferenceKind::kSgs:
      return External("sgs simulator", state_->sgs);
    case ReferenceKind::kCommand: {
      PLUMB_ASSIGN_OR_RETURN(auto computation,
                             MakeCommandComputation(external.command, external.time_limit));
      return External("simulator command", std::move(computation));
    }
    case ReferenceKind::kRecordedRun:
      break;
  }
  return InternalError("a recorded run is no simulator");
}

Result<std::vector<std::filesystem::path>> Simulators::DumpInputs(
    const std::filesystem::path& model, const CancelToken& cancel) const {
  return state_->sgs->DumpInputs(std::filesystem::absolute(model), cancel);
}

}  // namespace plumb::server
