#include "agent/core/run_executor.h"

#include <string>
#include <utility>
#include <vector>

#include "common/runner/failure.h"

namespace plumb::agent {

RunExecutor::RunExecutor(ArtifactCache& cache,
                         ArtifactSource& source,
                         UploadTransport& transport,
                         RunnerFactory make_runner,
                         const UploaderOptions& upload_options,
                         InputTap tap)
    : cache_(cache),
      source_(source),
      transport_(transport),
      make_runner_(std::move(make_runner)),
      upload_options_(upload_options),
      tap_(std::move(tap)) {}

RunOutcome RunExecutor::Execute(const rpc::RunCommand& command,
                                const RunObserver& observer,
                                const CancelToken& cancel,
                                const CancelToken& abandon) {
  Uploader uploader(transport_, command.key, upload_options_, cancel);
  RunOutcome outcome;
  outcome.run = Run(command, observer, uploader, cancel);
  observer.on_finishing();
  outcome.upload = uploader.Finish(outcome.run, abandon);
  return outcome;
}

Status RunExecutor::Run(const rpc::RunCommand& command,
                        const RunObserver& observer,
                        Uploader& uploader,
                        const CancelToken& cancel) {
  // Counted before fetching: "the N-th run" is the N-th command, whatever becomes of it.
  const uint64_t number = ++run_count_;
  observer.on_phase(rpc::RunPhase::kFetching);
  if (command.capture_inputs) {
    PLUMB_RETURN_IF_ERROR(tap_.Send(command, uploader, cancel));
  }
  PLUMB_ASSIGN_OR_RETURN(const RunSpec spec, Fetch(command, cancel));
  if (cancel.cancelled()) {
    return cancel.status();
  }
  observer.on_phase(rpc::RunPhase::kRunning);
  const std::unique_ptr<Runner> runner = make_runner_(number);
  return runner->Run(spec, uploader, cancel);
}

Result<RunSpec> RunExecutor::Fetch(const rpc::RunCommand& command, const CancelToken& cancel) {
  std::vector<WantedFile> wanted = {{command.model, "model", kReasonWrongModel}};
  for (size_t i = 0; i < command.inputs.size(); ++i) {
    wanted.push_back({command.inputs[i], "input " + std::to_string(i), kReasonWrongInput});
  }
  PLUMB_ASSIGN_OR_RETURN(const auto paths, cache_.Provide(wanted, source_, cancel));
  RunSpec spec;
  spec.model = command.model;
  spec.model.path = paths.front();
  for (size_t i = 0; i < command.inputs.size(); ++i) {
    spec.inputs.push_back(command.inputs[i]);
    spec.inputs.back().path = paths[i + 1];
  }
  spec.repetitions = command.repetitions;
  spec.probe = command.probe;
  spec.invoke_timeout = command.invoke_timeout;
  return spec;
}

}  // namespace plumb::agent
