// One run on the board: fetch, run, upload.
#pragma once

#include <functional>
#include <memory>

#include "agent/core/artifact_cache.h"
#include "agent/core/input_tap.h"
#include "agent/core/ports.h"
#include "agent/core/uploader.h"
#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/rpc/messages.h"
#include "common/runner/runner.h"

namespace plumb::agent {

// A runner for the agent's run of this number, counted from 1.
using RunnerFactory = std::function<std::unique_ptr<Runner>(uint64_t run_number)>;

// How a run went.
struct RunOutcome {
  Status run;     // of the run itself
  Status upload;  // of telling the server: an error means that it does not know
};

// What the executor tells while it works, on its own thread.
struct RunObserver {
  std::function<void(rpc::RunPhase phase)> on_phase;
  std::function<void()> on_finishing;  // all is done but the server's last commit
};

// One run at a time, on a thread that outlives the run (the kernel ties the runner's life to it).
class RunExecutor {
 public:
  RunExecutor(ArtifactCache& cache,
              ArtifactSource& source,
              UploadTransport& transport,
              RunnerFactory make_runner,
              const UploaderOptions& upload_options,
              InputTap tap = {});

  // `cancel` stops the run, which is then reported as such; `abandon` stops the reporting too.
  RunOutcome Execute(const rpc::RunCommand& command,
                     const RunObserver& observer,
                     const CancelToken& cancel,
                     const CancelToken& abandon);

 private:
  Result<RunSpec> Fetch(const rpc::RunCommand& command, const CancelToken& cancel);
  Status Run(const rpc::RunCommand& command,
             const RunObserver& observer,
             Uploader& uploader,
             const CancelToken& cancel);

  ArtifactCache& cache_;
  ArtifactSource& source_;
  UploadTransport& transport_;
  RunnerFactory make_runner_;
  UploaderOptions upload_options_;
  const InputTap tap_;
  uint64_t run_count_ = 0;
};

}  // namespace plumb::agent
