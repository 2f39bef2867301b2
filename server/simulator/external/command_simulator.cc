#include "server/simulator/external/command_simulator.h"

#include <utility>

#include "common/base/file.h"
#include "common/runner/failure.h"
#include "server/simulator/external/child_job.h"
#include "server/simulator/external/command_line.h"

namespace plumb::server {
namespace {

class CommandComputation : public Computation {
 public:
  explicit CommandComputation(CommandPlan plan) : plan_(std::move(plan)) {}

  Result<Produced> Compute(const Job& job, const CancelToken& cancel) override {
    return RunCommand(plan_, job, cancel);
  }

 private:
  CommandPlan plan_;
};

}  // namespace

Result<Produced> RunCommand(const CommandPlan& plan, const Job& job, const CancelToken& cancel) {
  PLUMB_ASSIGN_OR_RETURN(TempFolder temporary, TempFolder::Create("plumb-simulator-"));
  auto folder = std::make_shared<TempFolder>(std::move(temporary));
  const auto result = folder->path() / "result";
  const auto work = folder->path() / "work";
  PLUMB_RETURN_IF_ERROR(MakeFolders(result));
  PLUMB_RETURN_IF_ERROR(MakeFolders(work));
  ChildJob child;
  child.name = plan.name;
  child.argv = plan.argv;
  if (plan.fill_placeholders) {
    PLUMB_ASSIGN_OR_RETURN(child.argv, FillPlaceholders(plan.argv, job, result));
  }
  child.environment = plan.environment;
  child.environment["PLUMB_MODEL"] = job.model.string();
  child.environment["PLUMB_RESULT"] = result.string();
  child.environment["PLUMB_INPUT_COUNT"] = std::to_string(job.inputs.size());
  for (size_t i = 0; i < job.inputs.size(); ++i) {
    child.environment["PLUMB_INPUT_" + std::to_string(i)] = job.inputs[i].string();
  }
  child.working_folder = work;
  child.time_limit = plan.time_limit;
  PLUMB_ASSIGN_OR_RETURN(const ChildEnd end, RunChild(child, cancel));
  if (!end.exit.clean()) {
    return ChildFailure(child, end);
  }
  auto produced = ReadResult(result, plan.name);
  if (!produced.ok()) {
    const bool silent = produced.status().reason() == kReasonSimulatorNoOutput;
    return silent ? Status(produced.status().code(),
                           produced.status().message() + LastWords(end.words))
                        .WithReason(kReasonSimulatorNoOutput)
                        .WithHint(produced.status().hint())
                  : produced.status();
  }
  produced->folder = std::move(folder);
  return produced;
}

Result<std::shared_ptr<Computation>> MakeCommandComputation(const CommandOptions& options,
                                                            std::chrono::milliseconds time_limit) {
  if (options.command.empty()) {
    return InvalidArgumentError("no simulator command is configured")
        .WithReason(kReasonUsage)
        .WithHint(
            "give --simulator-command to plumb run --local, or to plumb-server when it is "
            "started; a client cannot choose the command of a server");
  }
  CommandPlan plan;
  plan.time_limit = time_limit;
  if (options.shell) {
    plan.argv = {"/bin/sh", "-c", options.command};
    plan.fill_placeholders = false;
    plan.name = "the simulator command";
  } else {
    PLUMB_ASSIGN_OR_RETURN(plan.argv, SplitCommand(options.command));
    if (plan.argv.front().find('/') != std::string::npos) {
      plan.argv.front() = std::filesystem::absolute(plan.argv.front()).string();
    }
    plan.name = "'" + plan.argv.front() + "'";
    // Placeholders are tried here, so that a typing error shows at the start and not in a run.
    PLUMB_RETURN_IF_ERROR(
        FillPlaceholders(plan.argv, {"model", std::vector<std::filesystem::path>(256)}, "result")
            .status());
  }
  return std::shared_ptr<Computation>(std::make_shared<CommandComputation>(std::move(plan)));
}

}  // namespace plumb::server
