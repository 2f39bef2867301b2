#include "server/simulator/external/sgs_python.h"

#include <unistd.h>

#include "common/base/file.h"
#include "common/runner/failure.h"
#include "server/simulator/external/command_simulator.h"

namespace plumb::server {

Result<std::filesystem::path> FindBridge() {
  PLUMB_ASSIGN_OR_RETURN(const auto self, ProgramPath());
  const auto bridge = self.parent_path().parent_path() / "share" / "plumb" / "plumb_sgs_bridge.py";
  if (::access(bridge.c_str(), R_OK) != 0) {
    return NotFoundError("'" + bridge.string() + "' is not there")
        .WithReason(kReasonSimulatorMissing)
        .WithHint("install it with the programs: it is server/simulator/sgs/plumb_sgs_bridge.py");
  }
  return bridge;
}

Result<Produced> RunSgsPython(const SgsTools& tools, const Job& job, const CancelToken& cancel) {
  PLUMB_ASSIGN_OR_RETURN(const auto bridge, FindBridge());
  CommandPlan plan;
  plan.name = "the SDK's simulator";
  plan.argv = {tools.python,
               bridge.string(),
               "--sdk",
               tools.sdk.folder.string(),
               "--model",
               job.model.string(),
               "--result",
               "{result}",
               "{inputs}"};
  // Only the last two are placeholders of ours; a brace in a path must stay what it is.
  for (size_t i = 0; i + 2 < plan.argv.size(); ++i) {
    std::string quoted;
    for (const char c : plan.argv[i]) {
      quoted += c == '{' || c == '}' ? std::string(2, c) : std::string(1, c);
    }
    plan.argv[i] = quoted;
  }
  plan.environment = tools.environment;
  plan.time_limit = tools.time_limit;
  return RunCommand(plan, job, cancel);
}

}  // namespace plumb::server
