// One run from its artifacts to its verdict: two runners at once, live comparison, diagnosis,
// archive.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/analysis/diagnose.h"
#include "common/analysis/report.h"
#include "common/analysis/tolerance.h"
#include "common/base/cancel.h"
#include "common/runner/runner.h"
#include "server/core/blob_store.h"
#include "server/core/input_check.h"
#include "server/core/leg.h"
#include "server/core/live_comparer.h"
#include "server/core/remote_runner.h"
#include "server/core/run_types.h"
#include "server/core/simulator.h"

namespace plumb::server {

struct SessionJob {
  std::string run_id;
  std::string model_name;  // for people
  int64_t created_unix_ms = 0;
  RunSpec spec;  // of the target; the reference runs once, without probe
  analysis::TolerancePolicy tolerance;
  std::filesystem::path folder;  // the run's archive appears here, whole, at the end
  std::string board;
  std::string plumb_version;
  const BlobStore* blobs = nullptr;
  std::function<Result<std::shared_ptr<Runner>>()> make_reference;  // called by Execute
  std::shared_ptr<Runner> target;
  // Set: what the application on the board feeds is compared with the inputs before the target runs
  // (RemoteRunner::AskForInputs).
  std::function<void(RemoteRunner::InputRequest request)> ask_for_inputs;
  Simulator resimulator;  // for the diagnosis; `make` is empty when there is none
  Status failure;         // an error ends the run before it starts, but with a report
};

// Runs once, on the thread that calls Execute, with two more for the legs. Memory: what the legs'
// runners need, and a few blocks for the comparison, whatever the size of the outputs.
//
// A failed run keeps its report and drops its tensors: what is incomplete is never taken for a
// result.
class RunSession {
 public:
  using Publish = std::function<void(std::vector<SessionEvent> events)>;

  // `publish` is called on the session's thread, at most about twenty times a second while bytes
  // arrive. `job.blobs` must outlive the session.
  RunSession(SessionJob job, Publish publish);
  RunSession(const RunSession&) = delete;
  RunSession& operator=(const RunSession&) = delete;
  ~RunSession();

  // Blocks. Returns within a few seconds of cancel.Cancel(). The report is final and lies in the
  // archive; when even that failed, its error says so.
  analysis::ComparisonReport Execute(const CancelToken& cancel);

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] Status VerifyArtifacts() const;
  Status Prepare(const std::filesystem::path& reference_folder,
                 const std::filesystem::path& target_folder);
  Status PrepareInputCheck(const std::filesystem::path& folder);
  // Runs both legs and compares; the error that ended the run, if any.
  Status RunLegs(const CancelToken& cancel);
  // Compares and tells what is new; creates the comparer once both sides know the model.
  Status Step();
  Status CreateComparer();
  void PublishProgress(bool last);

  [[nodiscard]] bool wrong_input() const { return input_check_ && input_check_->differs(); }

  [[nodiscard]] Status LegFailure(const CancelToken& cancel) const;
  Status Judge(const CancelToken& cancel);
  Status DiagnoseDifferences(const CancelToken& cancel);
  void FillIdentity();
  void FillTiming();

  const SessionJob job_;
  const Publish publish_;
  Beacon beacon_;
  std::unique_ptr<Leg> reference_;
  std::unique_ptr<Leg> target_;
  std::unique_ptr<LiveComparer> comparer_;
  std::optional<InputCheck> input_check_;  // of the target's thread until that is done
  CancelToken leg_cancel_;
  std::vector<TensorBytes> told_;
  bool reference_told_ = false;
  bool target_told_ = false;
  Clock::time_point next_publish_;
  Clock::time_point verdict_at_;  // the last time that an output's verdict was published
  analysis::ComparisonReport report_;
};

}  // namespace plumb::server
