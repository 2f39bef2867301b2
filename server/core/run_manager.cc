#include "server/core/run_manager.h"

#include <algorithm>
#include <utility>

#include "common/archive/recorded_runner.h"
#include "common/archive/run_folder.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::server {
namespace {

using Clock = std::chrono::steady_clock;

Status NoSuchRun(const std::string& run_id) {
  return NotFoundError("there is no run '" + EscapeForDisplay(run_id) + "' on this server")
      .WithHint("'plumb runs' lists those there are");
}

}  // namespace

bool SameRequest(const RunRequest& a, const RunRequest& b) {
  const auto same_file = [](const Artifact& x, const Artifact& y) {
    return x.sha256 == y.sha256 && x.size == y.size;
  };
  return same_file(a.model, b.model) &&
         std::equal(
             a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end(), same_file) &&
         a.board == b.board && a.repetitions == b.repetitions && a.probe == b.probe &&
         a.invoke_timeout == b.invoke_timeout && a.deadline == b.deadline &&
         a.reference == b.reference && a.tolerance.by_default == b.tolerance.by_default &&
         a.tolerance.by_tensor == b.tolerance.by_tensor;
}

RunManager::RunManager(Strand* strand,
                       const DataFolder* data,
                       SimulatorSource simulators,
                       RunManagerOptions options)
    : strand_(strand),
      data_(data),
      simulators_(std::move(simulators)),
      options_(std::move(options)),
      boards_(strand,
              options_.resume_grace,
              options_.limits.boards,
              {[this] { Dispatch(); },
               [this](const std::string& run_id, const Status& status) {
                 if (Run* run = Get(run_id); run != nullptr && run->remote) {
                   run->remote->Fail(status);
                 }
               },
               [this](const std::string& run_id, bool at_it) { OnBoardResumed(run_id, at_it); },
               [this] { OnBoardRemoved(); }}),
      history_(RunHistory::Load(data->runs())) {}

RunManager::Run* RunManager::Get(const std::string& run_id) {
  const auto found = runs_.find(run_id);
  return found == runs_.end() ? nullptr : found->second.get();
}

Status RunManager::CheckRequest(const RunRequest& request) const {
  if (stopped_) {
    return UnavailableError("the server is stopping");
  }
  if (queue_.size() >= options_.limits.queued_runs) {
    return LimitReached("waiting runs",
                        options_.limits.queued_runs,
                        "try again later, or cancel some of 'plumb runs'");
  }
  PLUMB_RETURN_IF_ERROR(boards_.FindIdle(request.board).status());
  std::vector<Artifact> files = request.inputs;
  files.push_back(request.model);
  for (const Artifact& file : files) {
    const auto found = data_->blobs().Find(file);
    if (!found.ok()) {
      return FailedPreconditionError(found.status().message()).WithHint(found.status().hint());
    }
  }
  if (request.reference.kind != ReferenceKind::kRecordedRun) {
    return simulators_(request.reference.kind).status();
  }
  PLUMB_RETURN_IF_ERROR(ReportPath(request.reference.run_id).status());
  return archive::FindLeg(data_->RunPath(request.reference.run_id), analysis::Role::kReference)
      .status()
      .Annotate("--reference");
}

Result<std::string> RunManager::Start(const RunRequest& request) {
  const auto known = requests_.find(request.request_id);
  if (known != requests_.end()) {
    return SameRequest(runs_.at(known->second)->request, request)
               ? Result<std::string>(known->second)
               : AlreadyExistsError("this request id was used for another run");
  }
  PLUMB_RETURN_IF_ERROR(CheckRequest(request));
  RunSummary summary;
  summary.run_id = NewRunId();
  summary.model = request.model;
  summary.model_name = request.model_name;
  summary.created_unix_ms = UnixMsNow();
  const std::string run_id = summary.run_id;
  auto run = std::make_unique<Run>(
      Run{request, RunJournal(summary), {}, {}, {}, {}, {}, {}, 0, {}, {}, {}});
  run->until = Clock::now() + request.deadline;
  run->deadline = strand_->After(request.deadline, [this, run_id] {
    const Run* late = Get(run_id);
    const bool queued = late != nullptr && late->journal.run().state == RunState::kQueued;
    Status status = DeadlineExceededError(queued ? "no board became free before the deadline"
                                                 : "the run's deadline is over");
    if (queued) {
      status = std::move(status).WithReason(kReasonBoardBusy);
    }
    End(run_id, std::move(status).WithHint("give it more time with --deadline"));
  });
  runs_.emplace(run_id, std::move(run));
  if (!request.request_id.empty()) {
    requests_.emplace(request.request_id, run_id);
  }
  queue_.push_back(run_id);
  Dispatch();
  return run_id;
}

void RunManager::Dispatch() {
  // Lease and release call back into here.
  if (std::exchange(dispatching_, true)) {
    return;
  }
  for (size_t i = 0; i < queue_.size() && sessions_ < options_.limits.running_runs;) {
    const std::string run_id = queue_[i];
    const auto board = boards_.FindIdle(Get(run_id)->request.board);
    if (board.ok() && *board) {
      queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(i));
      Lease(run_id, **board);
    } else {
      ++i;
    }
  }
  dispatching_ = false;
}

void RunManager::OnBoardRemoved() {
  const std::deque<std::string> waiting = queue_;
  for (const std::string& run_id : waiting) {
    const Status status = boards_.FindIdle(Get(run_id)->request.board).status();
    if (!status.ok()) {
      End(run_id, status);
    }
  }
}

Result<SessionJob> RunManager::MakeJob(const Run& run) const {
  SessionJob job;
  const RunRequest& request = run.request;
  job.run_id = run.journal.run().run_id;
  job.model_name = request.model_name;
  job.created_unix_ms = run.journal.run().created_unix_ms;
  job.folder = data_->RunPath(job.run_id);
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

void RunManager::Lease(const std::string& run_id, const std::string& board) {
  Run* run = Get(run_id);
  boards_.Lease(board, run_id);
  RunSummary summary = run->journal.run();
  summary.board = board;
  summary.state = RunState::kPreparing;
  run->journal.SetRun(std::move(summary));
  Notify(run);
  RemoteRunner::Port port;
  port.send_run = [this, run_id](const RunSpec&) {
    strand_->Post([this, run_id] { SendCommand(run_id); });
  };
  port.send_cancel = [this, run_id](const Status& reason) {
    strand_->Post([this, run_id, reason] { SendCancel(run_id, reason); });
  };
  run->remote = std::make_shared<RemoteRunner>(
      board,
      RemoteRunner::Patience{options_.limits.stall, options_.limits.least_progress},
      std::move(port));
  auto job = MakeJob(*run);
  if (!job.ok()) {
    End(run_id, job.status());
    return;
  }
  job->board = board;
  job->target = run->remote;
  StartSession(run_id, std::move(job).value());
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

void RunManager::End(const std::string& run_id, const Status& reason) {
  Run* run = Get(run_id);
  if (run == nullptr || run->journal.run().state == RunState::kFinished) {
    return;
  }
  run->cancel.Cancel(reason);
  if (run->session.joinable()) {
    return;
  }
  queue_.erase(std::remove(queue_.begin(), queue_.end(), run_id), queue_.end());
  SessionJob job;
  job.run_id = run_id;
  job.model_name = run->request.model_name;
  job.created_unix_ms = run->journal.run().created_unix_ms;
  job.folder = data_->RunPath(run_id);
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
  run->deadline = {};
  run->unanswered = {};
  run->upload_grace = {};
  if (const auto remote = std::exchange(run->remote, nullptr)) {
    remote->Finish();  // a run that failed before its legs has not
  }
  if (run->close_upload) {
    // One that was sent to its end is closed already.
    run->close_upload(report.error.reason().empty()
                          ? FailedPreconditionError("the run is over").WithReason(kReasonCancelled)
                          : report.error);
  }
  RunSummary summary = run->journal.run();
  summary.finished_unix_ms = UnixMsNow();
  ApplyReport(report, &summary);
  const std::string board = summary.board;
  history_.Add(summary);
  run->journal.SetRun(std::move(summary));
  Notify(run);
  recent_.push_back(run_id);
  if (recent_.size() > options_.limits.recent_runs) {
    const std::string oldest = recent_.front();
    recent_.pop_front();
    requests_.erase(Get(oldest)->request.request_id);
    runs_.erase(oldest);
  }
  boards_.Release(board, run_id);
  Dispatch();  // the run may have held no board, only a place
  if (stopped_ && recent_.size() == runs_.size()) {
    stopped_();
  }
}

Result<RunSummary> RunManager::Cancel(const std::string& run_id) {
  End(run_id, CancelledError("the run was cancelled").WithReason(kReasonCancelled));
  return Find(run_id);
}

Result<RunSummary> RunManager::Find(const std::string& run_id) const {
  const auto found = runs_.find(run_id);
  if (found != runs_.end()) {
    return found->second->journal.run();
  }
  const auto old = history_.Find(run_id);
  return old ? Result<RunSummary>(*old) : NoSuchRun(run_id);
}

std::vector<RunSummary> RunManager::List(size_t max_count) const {
  std::vector<RunSummary> list;
  for (const auto& [run_id, run] : runs_) {
    if (run->journal.run().state != RunState::kFinished) {
      list.push_back(run->journal.run());
    }
  }
  std::reverse(list.begin(), list.end());
  for (RunSummary& old : history_.List(max_count)) {
    list.push_back(std::move(old));
  }
  std::stable_sort(list.begin(), list.end(), [](const RunSummary& a, const RunSummary& b) {
    return a.created_unix_ms > b.created_unix_ms;
  });
  list.resize(std::min(list.size(), max_count));
  return list;
}

Result<std::filesystem::path> RunManager::ReportPath(const std::string& run_id) const {
  PLUMB_ASSIGN_OR_RETURN(const RunSummary summary, Find(run_id));
  if (summary.state != RunState::kFinished) {
    return FailedPreconditionError("run '" + run_id + "' is not finished")
        .WithHint("'plumb watch " + run_id + "' waits for it");
  }
  return data_->RunPath(run_id) / "report.json";
}

uint64_t RunManager::Await(const std::string& run_id, uint64_t cursor, WatchCallback callback) {
  Run* run = Get(run_id);
  if (run == nullptr) {
    const auto old = history_.Find(run_id);
    callback(old ? Result<RunJournal::Update>(RunJournal(*old).Since(cursor)) : NoSuchRun(run_id));
    return 0;
  }
  RunJournal::Update update = run->journal.Since(cursor);
  if (!update.events.empty() || update.finished) {
    callback(update);
    return 0;
  }
  if (run->watchers.size() >= options_.limits.watchers_per_run) {
    callback(LimitReached("watchers of one run",
                          options_.limits.watchers_per_run,
                          "'plumb runs' shows the outcome without watching"));
    return 0;
  }
  const uint64_t ticket = next_ticket_++;
  run->watchers.emplace(ticket, std::pair(cursor, std::move(callback)));
  return ticket;
}

void RunManager::StopAwaiting(const std::string& run_id, uint64_t ticket) {
  if (Run* run = Get(run_id); run != nullptr) {
    run->watchers.erase(ticket);
  }
}

void RunManager::Notify(Run* run) {
  const auto watchers = std::exchange(run->watchers, {});
  for (const auto& [ticket, watcher] : watchers) {
    watcher.second(run->journal.Since(watcher.first));
  }
}

void RunManager::Stop(std::function<void()> done) {
  stopped_ = std::move(done);
  std::vector<std::string> unfinished;
  for (const auto& [run_id, run] : runs_) {
    if (run->journal.run().state != RunState::kFinished) {
      unfinished.push_back(run_id);
    }
  }
  for (const std::string& run_id : unfinished) {
    End(run_id, UnavailableError("the server was stopped"));
  }
  boards_.CloseAll(UnavailableError("the server is stopping"));
  if (unfinished.empty()) {
    stopped_();
  }
}

}  // namespace plumb::server
