#include "server/simulator/external/sgs_simulator.h"

#include <utility>

#include "common/base/text.h"
#include "common/runner/failure.h"
#include "server/simulator/external/sgs_python.h"

namespace plumb::server {
namespace {

Status Lacks(const SgsSdk& sdk, const std::string& what, std::string_view hint) {
  return NotFoundError("the SDK '" + EscapeForDisplay(sdk.folder.string()) + "' has no " + what)
      .WithReason(kReasonSimulatorMissing)
      .WithHint(hint);
}

}  // namespace

Result<SgsTools> SgsSimulator::Tools(const CancelToken& cancel) {
  {
    const std::lock_guard lock(mutex_);
    if (tools_) {
      return *tools_;
    }
  }
  SgsTools tools;
  tools.options = options_;
  tools.time_limit = time_limit_;
  PLUMB_ASSIGN_OR_RETURN(tools.sdk, FindSdk(options_.sdk));
  PLUMB_ASSIGN_OR_RETURN(tools.environment, SourceSdkEnvironment(tools.sdk, cancel));
  PLUMB_ASSIGN_OR_RETURN(
      tools.python,
      FindPython(options_.python.empty() ? "python3" : options_.python, tools.environment));
  const std::lock_guard lock(mutex_);
  tools_ = tools;
  return tools;
}

Result<SgsTextRun> SgsSimulator::RunText(const SgsTools& tools,
                                         const std::filesystem::path& model,
                                         const CancelToken& cancel) {
  if (tools.sdk.simulator.empty()) {
    return Lacks(tools.sdk, "Scripts/calibrator/simulator.py", "give the dump itself: --input");
  }
  if (options_.images.empty()) {
    return FailedPreconditionError(
               "simulator.py takes pictures, not dumps, and no picture was given")
        .WithReason(kReasonSimulatorMissing)
        .WithHint(
            "give the picture and its script: plumb run --local --sdk-image P --sdk-preprocess "
            "N.py; an SDK with calibrator_custom takes dumps (--sdk-api python)");
  }
  std::optional<SgsOptions::OptionSet> option_set;
  {
    const std::lock_guard lock(mutex_);
    option_set = option_set_;
  }
  if (!option_set) {
    PLUMB_ASSIGN_OR_RETURN(option_set, DetectOptionSet(tools, cancel));
    const std::lock_guard lock(mutex_);
    option_set_ = option_set;
  }
  return RunSgsText(tools, *option_set, model, cancel);
}

Result<std::vector<std::filesystem::path>> SgsSimulator::DumpInputs(
    const std::filesystem::path& model, const CancelToken& cancel) {
  PLUMB_ASSIGN_OR_RETURN(const SgsTools tools, Tools(cancel));
  PLUMB_ASSIGN_OR_RETURN(SgsTextRun run, RunText(tools, model, cancel));
  const std::lock_guard lock(mutex_);
  dumped_ = std::move(run);
  return dumped_->dumps;
}

Result<Produced> SgsSimulator::Compute(const Job& job, const CancelToken& cancel) {
  PLUMB_ASSIGN_OR_RETURN(const SgsTools tools, Tools(cancel));
  const bool classes = !tools.sdk.python_classes.empty();
  if (options_.api == SgsOptions::Api::kPython && !classes) {
    return Lacks(tools.sdk,
                 "Scripts/calibrator_custom",
                 "leave --sdk-api out, or name another SDK with --sdk");
  }
  if (classes && options_.api != SgsOptions::Api::kText) {
    return RunSgsPython(tools, job, cancel);
  }
  std::optional<SgsTextRun> run;
  {
    const std::lock_guard lock(mutex_);
    run = dumped_;
  }
  if (!run) {
    PLUMB_ASSIGN_OR_RETURN(run, RunText(tools, job.model, cancel));
  }
  PLUMB_RETURN_IF_ERROR(CheckSameInput(*run, job.inputs));
  return run->ToProduced(tools);
}

}  // namespace plumb::server
