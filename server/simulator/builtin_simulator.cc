#include "server/simulator/builtin_simulator.h"

#include <unistd.h>

#include "common/base/file.h"
#include "common/npu/model/rounding.h"
#include "common/ring/process_runner.h"
#include "common/runner/failure.h"

namespace plumb::server {

Result<std::filesystem::path> FindSimulatorProgram() {
  PLUMB_ASSIGN_OR_RETURN(const std::filesystem::path self, ProgramPath());
  std::filesystem::path program = self.parent_path() / "plumb-simulator";
  if (::access(program.c_str(), X_OK) != 0) {
    return NotFoundError("the built-in simulator '" + program.string() + "' is not there")
        .WithReason(kReasonSimulatorFailed)
        .WithHint("install plumb-simulator beside this program");
  }
  return program;
}

std::shared_ptr<Runner> MakeBuiltinSimulator(const std::filesystem::path& program) {
  ProcessRunnerOptions options;
  options.name = "builtin simulator";
  options.argv = {program.string()};
  options.failure_reason = kReasonSimulatorFailed;
  return std::make_shared<ProcessRunner>(std::move(options));
}

std::vector<std::string> BuiltinRoundingProfiles() {
  return npu::KnownRoundingProfiles();
}

}  // namespace plumb::server
