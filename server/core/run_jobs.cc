// RunManager's side towards the sessions: what they are given, and what becomes of what they say.
#include <utility>

#include "common/archive/recorded_runner.h"
#include "common/archive/run_folder.h"
#include "common/runner/failure.h"
#include "server/core/run_manager.h"

namespace plumb::server {
namespace {

// The runtime did not return, the agent did not answer, or the run's time was over with the board's
// part undone.
bool HasHung(const RemoteRunner& remote, const Status& error) {
  return error.reason() == kReasonRunnerHung ||
         (error.code() == StatusCode::kDeadlineExceeded && !remote.complete());
}

}  // namespace

Result<SessionJob> RunManager::MakeJob(const Run& run) const {
  SessionJob job;
  const RunRequest& request = run.request;
  job.run_id = run.journal.run().run_id;
  job.model_name = request.model_name;
  job.created_unix_ms = run.journal.run().created_unix_ms;
  job.folder = data_->RunPath(job.run_id, run.journal.run().attempt);
  job.tolerance = request.tolerance;
  job.plumb_version = options_.version;
  job.blobs = &data_->blobs();
  job.spec.model = request.model;
  job.spec.inputs = request.inputs;
  job.spec.repetitions = request.repetitions;
  job.spec.probe = request.probe;
  // The request's is the board's: a PC simulates in minutes what a chip does in milliseconds.
  job.spec.invoke_timeout = std::max(request.invoke_timeout, kSimulatorInvokeTimeout);
  PLUMB_ASSIGN_OR_RETURN(job.spec.model, data_->blobs().Find(request.model));
  for (Artifact& input : job.spec.inputs) {
    PLUMB_ASSIGN_OR_RETURN(input, data_->blobs().Find(input));
  }
  if (request.reference.kind != ReferenceKind::kRecordedRun) {
    PLUMB_ASSIGN_OR_RETURN(job.resimulator, simulators_(request.reference.kind));
    job.make_reference = [make = job.resimulator.make] {
      return Result<std::shared_ptr<Runner>>(make());
    };
    return job;
  }
  job.make_reference = [path = data_->RunPath(request.reference.run_id),
                        spec = job.spec]() -> Result<std::shared_ptr<Runner>> {
    PLUMB_ASSIGN_OR_RETURN(const auto leg, archive::FindLeg(path, analysis::Role::kReference));
    PLUMB_ASSIGN_OR_RETURN(auto runner, archive::RecordedRunner::Open(leg));
    // Before the board is started, not after.
    PLUMB_RETURN_IF_ERROR(runner->DemandSame(spec).Annotate("--reference"));
    return std::shared_ptr<Runner>(std::move(runner));
  };
  return job;
}

void RunManager::StartSession(const std::string& run_id, SessionJob job) {
  Run* run = Get(run_id);
  ++sessions_;
  run->session = std::thread([this, run_id, cancel = run->cancel, job = std::move(job)]() mutable {
    RunSession session(std::move(job), [&](std::vector<SessionEvent> events) {
      strand_->Post([this, run_id, events = std::move(events)] { OnEvents(run_id, events); });
    });
    strand_->Post([this, run_id, report = session.Execute(cancel)] { OnFinished(run_id, report); });
  });
}

void RunManager::WriteFailure(const std::string& run_id, const Status& reason) {
  const Run* run = Get(run_id);
  SessionJob job;
  job.run_id = run_id;
  job.model_name = run->request.model_name;
  job.created_unix_ms = run->journal.run().created_unix_ms;
  job.folder = data_->RunPath(run_id, run->journal.run().attempt);
  job.board = run->journal.run().board;
  job.plumb_version = options_.version;
  job.spec.model = run->request.model;
  job.spec.inputs = run->request.inputs;
  job.failure = reason;
  StartSession(run_id, std::move(job));
}

void RunManager::OnEvents(const std::string& run_id, const std::vector<SessionEvent>& events) {
  if (Run* run = Get(run_id); run != nullptr) {
    for (const SessionEvent& event : events) {
      run->journal.Apply(event);
    }
    Notify(run);
  }
}

void RunManager::OnFinished(const std::string& run_id, const analysis::ComparisonReport& report) {
  Run* run = Get(run_id);
  run->session.join();  // its last act was to post this
  --sessions_;
  run->unanswered = {};
  run->upload_grace = {};
  const bool hung = run->remote && HasHung(*run->remote, report.error);
  const bool on_board = run->remote != nullptr;
  if (const auto remote = std::exchange(run->remote, nullptr)) {
    remote->Finish();  // a run that failed before its legs has not
  }
  if (run->close_upload) {
    // One that was sent to its end is closed already.
    std::exchange(run->close_upload, nullptr)(
        report.error.reason().empty()
            ? FailedPreconditionError("the run is over").WithReason(kReasonCancelled)
            : report.error);
  }
  run->upload = 0;
  boards_.Release(run->journal.run().board, run_id);
  if (care_ && on_board && run->lost.ok() && run->lease) {
    CleanUp(run_id, hung, report);
  } else {
    Conclude(run_id, report);
  }
}

void RunManager::Conclude(const std::string& run_id, const analysis::ComparisonReport& report) {
  const Run* run = Get(run_id);
  if (!run->lost.ok()) {
    AfterLoss(run_id, report);
  } else if (!run->lease) {
    Publish(run_id, report);
  } else if (!TryAgain(run_id, report, [this, run_id, report] { Publish(run_id, report); })) {
    Settle(run_id, report);
  }
}

void RunManager::Publish(const std::string& run_id, const analysis::ComparisonReport& report) {
  Run* run = Get(run_id);
  RunSummary summary = run->journal.run();
  summary.finished_unix_ms = UnixMsNow();
  ApplyReport(report, &summary);
  history_.Add(summary);
  if (options_.on_finished) {
    options_.on_finished(summary, report);
  }
  run->journal.SetRun(std::move(summary));
  Notify(run);
  Retire(run_id);
  farm_->Wake();  // there is a place for another
  CheckStopped();
}

void RunManager::Retire(const std::string& run_id) {
  Get(run_id)->deadline = {};
  recent_.push_back(run_id);
  if (recent_.size() > options_.limits.recent_runs) {
    runs_.erase(recent_.front());
    recent_.pop_front();
  }
}

}  // namespace plumb::server
