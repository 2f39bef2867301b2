#include "server/core/run_manager.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "common/archive/run_folder.h"
#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/runner/failure.h"
#include "server/core/request_json.h"

namespace plumb::server {
namespace {

using Clock = std::chrono::steady_clock;

Status NoSuchRun(const std::string& run_id) {
  return NotFoundError("there is no run '" + EscapeForDisplay(run_id) + "' on this server")
      .WithHint("'plumb runs' lists those there are");
}

}  // namespace

RunManager::RunManager(Strand* strand,
                       const DataFolder* data,
                       SimulatorSource simulators,
                       FarmAccess farm,
                       RunManagerOptions options)
    : strand_(strand),
      data_(data),
      simulators_(std::move(simulators)),
      options_(std::move(options)),
      farm_id_(std::move(farm.farm_id)),
      boards_(strand,
              options_.resume_grace,
              options_.limits.boards,
              {[this](const rpc::Hello& identity) { OnBoardAttached(identity); },
               [this](const std::string& run_id, const Status& status) {
                 if (Run* run = Get(run_id); run != nullptr && run->remote) {
                   run->remote->Fail(status);
                 }
               },
               [this](const std::string& run_id, bool at_it) { OnBoardResumed(run_id, at_it); },
               [this](const rpc::Hello& identity) { OnBoardRemoved(identity); }}),
      history_(RunHistory::Load(data->runs())),
      farm_(std::make_unique<Farm>(
          std::move(farm.store),
          std::move(farm.options),
          [strand](std::function<void()> task) { strand->Post(std::move(task)); },
          FarmEvents{[this](const store::Grant& grant) { OnGrant(grant); },
                     [this](const store::Lease& lease, const Status& why) { OnLost(lease, why); },
                     [this](const store::RunRecord& record) { OnLookedAt(record); },
                     [this] {
                       const size_t most = options_.limits.running_runs;
                       return most > sessions_ ? most - sessions_ : 0;
                     }})) {
  if (options_.hooks) {
    care_ = std::make_unique<BoardCare>(strand_,
                                        options_.hooks,
                                        &data_->blobs(),
                                        farm_.get(),
                                        [this](RunRequest request, Done<Result<std::string>> done) {
                                          Start(std::move(request), std::move(done));
                                        });
  }
}

RunManager::Run* RunManager::Get(const std::string& run_id) {
  const auto found = runs_.find(run_id);
  return found == runs_.end() ? nullptr : found->second.get();
}

size_t RunManager::waiting() const {
  return static_cast<size_t>(std::count_if(runs_.begin(), runs_.end(), [](const auto& entry) {
    return entry.second->journal.run().state == RunState::kQueued;
  }));
}

Status RunManager::CheckRequest(const RunRequest& request) const {
  if (stopped_) {
    return UnavailableError("the server is stopping");
  }
  if (waiting() >= options_.limits.queued_runs) {
    return LimitReached("waiting runs",
                        options_.limits.queued_runs,
                        "try again later, or cancel some of 'plumb runs'");
  }
  std::vector<Artifact> files = request.inputs;
  files.push_back(request.model);
  for (const Artifact& file : files) {
    const auto found = data_->blobs().Use(file);
    if (found.status().code() == StatusCode::kNotFound) {
      return FailedPreconditionError(found.status().message()).WithHint(found.status().hint());
    }
    PLUMB_RETURN_IF_ERROR(found.status());
  }
  if (request.reference.kind != ReferenceKind::kRecordedRun) {
    return simulators_(request.reference.kind).status();
  }
  PLUMB_ASSIGN_OR_RETURN(const auto report, ReportPath(request.reference.run_id));
  PLUMB_RETURN_IF_ERROR(data_->UseRun(report.parent_path()).Annotate("--reference"));
  return archive::FindLeg(report.parent_path(), analysis::Role::kReference)
      .status()
      .Annotate("--reference");
}

void RunManager::Start(RunRequest request, Done<Result<std::string>> done) {
  if (const Status status = CheckRequest(request); !status.ok()) {
    done(status);
    return;
  }
  store::Submission submission;
  submission.id = NewRunId();
  request.owner = request.owner.empty() ? "anonymous" : request.owner;
  submission.owner = request.owner;
  submission.client = request.owner;
  submission.key = request.request_id.empty() ? RandomId() : request.request_id;
  submission.tags = TagsOf(request);
  submission.request = RequestToJson(request);
  submission.priority = request.priority;
  submission.max_attempts = request.max_attempts;
  submission.patience = request.deadline;
  const bool demand_board = !request.wait;
  ++unsettled_;  // a server that stops now waits for it
  farm_->Submit(std::move(submission),
                demand_board,
                [this, request = std::move(request), done](const Result<std::string>& id) {
                  // It may have been granted before this was told.
                  if (id.ok() && Get(*id) == nullptr && !history_.Find(*id)) {
                    RunSummary summary;
                    summary.run_id = *id;
                    summary.model = request.model;
                    summary.model_name = request.model_name;
                    summary.created_unix_ms = UnixMsNow();
                    Add(summary, request);
                  }
                  done(id);
                  --unsettled_;
                  if (id.ok() && stopping()) {
                    End(*id, UnavailableError("the server was stopped"));
                  }
                  CheckStopped();
                });
}

RunManager::Run* RunManager::Add(const RunSummary& summary, RunRequest request) {
  const std::string& run_id = summary.run_id;
  auto run = std::make_unique<Run>(std::move(request), summary);
  run->until = Clock::now() + run->request.deadline;
  run->deadline = strand_->After(run->request.deadline, [this, run_id] {
    const Run* late = Get(run_id);
    const bool queued = late != nullptr && late->journal.run().state == RunState::kQueued;
    Status status = DeadlineExceededError(queued ? "no board became free before the deadline"
                                                 : "the run's deadline is over");
    if (queued) {
      status = std::move(status).WithReason(kReasonBoardBusy);
    }
    End(run_id, std::move(status).WithHint("give it more time with --deadline"));
  });
  farm_->Follow(run_id);
  return runs_.emplace(run_id, std::move(run)).first->second.get();
}

void RunManager::Locate(const std::string& run_id, Done<Status> done) {
  if (Get(run_id) != nullptr || history_.Find(run_id)) {
    done(OkStatus());
    return;
  }
  farm_->Ask<Result<store::RunRecord>>(
      [run_id](store::Store& store) { return store.Find(run_id); },
      [this, run_id, done](const Result<store::RunRecord>& record) {
        if (!record.ok()) {
          done(record.status().code() == StatusCode::kNotFound ? NoSuchRun(run_id)
                                                               : record.status());
          return;
        }
        const RunSummary summary = SummaryFrom(*record);
        if (summary.state != RunState::kFinished && stopping()) {
          done(UnavailableError("the server is stopping"));
          return;
        }
        if (summary.state == RunState::kFinished) {
          history_.Add(summary);
        } else if (Get(run_id) == nullptr) {
          const auto request = RequestFromJson(record->submission.request);
          if (!request.ok()) {
            done(request.status());
            return;
          }
          Add(summary, *request);
        }
        done(OkStatus());
      });
}

void RunManager::Cancel(const std::string& run_id,
                        const std::string& actor,
                        Done<Result<RunSummary>> done) {
  Locate(run_id, [this, run_id, actor, done](const Status& found) {
    if (!found.ok()) {
      done(found);
      return;
    }
    LogInfo("run " + run_id + " is cancelled by " + EscapeForDisplay(actor));
    End(run_id, CancelledError("the run was cancelled").WithReason(kReasonCancelled));
    done(Find(run_id));
  });
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

void RunManager::ListAll(size_t max_count, Done<Result<std::vector<RunSummary>>> done) {
  using Records = Result<std::vector<store::RunRecord>>;
  farm_->Ask<Records>([max_count](store::Store& store) { return store.Runs(max_count); },
                      [this, max_count, done](const Records& records) {
                        if (!records.ok()) {
                          done(records.status());
                          return;
                        }
                        std::map<std::string, RunSummary> by_id;
                        for (RunSummary& run : List(max_count)) {
                          by_id.emplace(run.run_id, std::move(run));
                        }
                        for (const store::RunRecord& record : *records) {
                          by_id.try_emplace(record.id, SummaryFrom(record));
                        }
                        std::vector<RunSummary> list;
                        for (auto& [run_id, run] : by_id) {
                          list.push_back(std::move(run));
                        }
                        std::reverse(list.begin(), list.end());
                        std::stable_sort(
                            list.begin(), list.end(), [](const RunSummary& a, const RunSummary& b) {
                              return a.created_unix_ms > b.created_unix_ms;
                            });
                        list.resize(std::min(list.size(), max_count));
                        done(std::move(list));
                      });
}

Result<std::filesystem::path> RunManager::ReportPath(const std::string& run_id) const {
  PLUMB_ASSIGN_OR_RETURN(const RunSummary summary, Find(run_id));
  if (summary.state != RunState::kFinished) {
    return FailedPreconditionError("run '" + run_id + "' is not finished")
        .WithHint("'plumb watch " + run_id + "' waits for it");
  }
  std::filesystem::path path = data_->RunPath(run_id, summary.attempt) / "report.json";
  if (std::error_code error; !std::filesystem::exists(path, error)) {
    return NotFoundError("the results of run '" + run_id + "' are no longer here")
        .WithHint("the server removes runs by age and size (docs/store.md); run it again");
  }
  return path;
}

uint64_t RunManager::Await(const std::string& run_id, uint64_t cursor, WatchCallback callback) {
  Run* run = Get(run_id);
  if (run == nullptr) {
    if (const auto old = history_.Find(run_id)) {
      callback(RunJournal(*old).Since(cursor));
      return 0;
    }
    const uint64_t ticket = next_ticket_++;
    Locate(run_id, [this, run_id, cursor, callback = std::move(callback)](const Status& found) {
      if (found.ok()) {
        Await(run_id, cursor, callback);
      } else {
        callback(found);
      }
    });
    return ticket;
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
  farm_->StopClaiming();
  std::vector<std::string> unfinished;
  std::vector<std::string> waiting;
  for (const auto& [run_id, run] : runs_) {
    const bool here = run->lease || run->session.joinable() || run->ending;
    if (run->journal.run().state != RunState::kFinished) {
      (here || !options_.keep_queue ? unfinished : waiting).push_back(run_id);
    }
  }
  for (const std::string& run_id : waiting) {
    const auto watchers = std::exchange(Get(run_id)->watchers, {});
    for (const auto& [ticket, watcher] : watchers) {
      watcher.second(
          UnavailableError("the server is stopping; run '" + run_id + "' stays in the queue"));
    }
    farm_->Unfollow(run_id);
    runs_.erase(run_id);
  }
  for (const std::string& run_id : unfinished) {
    End(run_id, UnavailableError("the server was stopped"));
  }
  if (care_) {
    care_->Stop();
  }
  boards_.CloseAll(UnavailableError("the server is stopping"));
  CheckStopped();
}

void RunManager::CheckStopped() {
  if (stopped_ && unsettled_ == 0 && recent_.size() == runs_.size()) {
    std::exchange(stopped_, [] {})();
  }
}

}  // namespace plumb::server
