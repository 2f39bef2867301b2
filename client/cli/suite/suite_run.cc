#include "client/cli/suite/suite_run.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "client/cli/run/run_preparer.h"
#include "client/lib/batch_run.h"
#include "common/analysis/outcome.h"

namespace plumb::client {
namespace {

constexpr std::chrono::milliseconds kTick{200};
// For the reports of runs that were cancelled.
constexpr std::chrono::seconds kGrace{5};

class SuiteWorkers {
 public:
  SuiteWorkers(const SuitePlan& plan, const CancelToken& stop, const CancelToken& grace)
      : plan_(plan),
        stop_(stop),
        grace_(grace) {}

  // One thread's life: case after case.
  void Work();
  // The next event; a tick when none comes for a while; nothing when all threads have ended.
  std::optional<SuiteEvent> Next();

  void Add() {
    const std::lock_guard lock(mutex_);
    ++working_;
  }

  [[nodiscard]] Status lost() {
    const std::lock_guard lock(mutex_);
    return lost_;
  }

 private:
  std::optional<size_t> TakeCase();
  // The model's file on the server; uploaded once, however many cases need it.
  Result<Artifact> ModelOf(size_t model);
  Status Prepare(const SuiteCase& one, RunRequest* request, std::vector<std::string>* sources);
  void Run(size_t index);
  void Push(SuiteEvent event);

  const SuitePlan& plan_;
  const CancelToken stop_;
  const CancelToken grace_;
  std::mutex uploading_;  // one model at a time; held while its file is sent
  std::map<size_t, Artifact> models_;
  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::deque<SuiteEvent> events_;
  size_t next_ = 0;
  size_t working_ = 0;
  Status lost_;  // the server, if it is
};

std::optional<size_t> SuiteWorkers::TakeCase() {
  const std::lock_guard lock(mutex_);
  while (next_ < plan_.known.size() && plan_.known[next_]) {
    ++next_;
  }
  if (next_ == plan_.cases->size() || stop_.cancelled()) {
    return std::nullopt;
  }
  return next_++;
}

Result<Artifact> SuiteWorkers::ModelOf(size_t model) {
  const std::lock_guard lock(uploading_);
  if (const auto known = models_.find(model); known != models_.end()) {
    return known->second;
  }
  PLUMB_ASSIGN_OR_RETURN(const Artifact artifact,
                         plan_.port->EnsureArtifact(plan_.suite->models[model].path, stop_));
  models_[model] = artifact;
  return artifact;
}

Status SuiteWorkers::Prepare(const SuiteCase& one,
                             RunRequest* request,
                             std::vector<std::string>* sources) {
  const SuiteModel& model = plan_.suite->models[one.model];
  *request = model.base;
  request->model_name = std::filesystem::path(model.path).filename().string();
  request->board = plan_.suite->boards[one.board];
  PLUMB_ASSIGN_OR_RETURN(request->model, ModelOf(one.model));
  const auto& files = model.samples[one.sample];
  for (const std::string& file : files) {
    PLUMB_RETURN_IF_ERROR(CheckRawInput(file, model.path));
  }
  RunPreparer preparer;
  preparer.port = plan_.port;
  return preparer.Prepare(files, stop_, request, sources);
}

void SuiteWorkers::Run(size_t index) {
  SuiteEvent event;
  event.index = index;
  event.kind = SuiteEvent::Kind::kStarted;
  Push(event);
  RunRequest request;
  OneRun run;
  const Status ready = Prepare((*plan_.cases)[index], &request, &event.sources);
  if (ready.ok()) {
    run = RunOne(plan_.port, request, stop_, grace_);
  } else {
    run.ending = stop_.cancelled() ? Ending::kStopped : EndingOf(ready);
    run.why = ready;
    run.outcome.error = ready;
    run.outcome.exit_code = analysis::ExitCodeOf(ready);
  }
  if (run.ending == Ending::kServerLost) {
    const std::lock_guard lock(mutex_);
    lost_ = run.why;
    stop_.Cancel(run.why);
  }
  if (run.ending == Ending::kStopped || run.ending == Ending::kServerLost) {
    return;
  }
  event.kind = SuiteEvent::Kind::kFinished;
  event.outcome = std::move(run.outcome);
  event.outcome.index = index;
  const bool match = event.outcome.exit_code == analysis::kExitMatch;
  Push(std::move(event));
  if (plan_.fail_fast && !match) {
    stop_.Cancel(CancelledError("a case did not match"));
  }
}

void SuiteWorkers::Work() {
  while (const auto index = TakeCase()) {
    Run(*index);
  }
  const std::lock_guard lock(mutex_);
  --working_;
  changed_.notify_all();
}

void SuiteWorkers::Push(SuiteEvent event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
  changed_.notify_all();
}

std::optional<SuiteEvent> SuiteWorkers::Next() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kTick, [this] { return !events_.empty() || working_ == 0; });
  if (!events_.empty()) {
    SuiteEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  return working_ == 0 ? std::nullopt : std::optional(SuiteEvent());
}

}  // namespace

Status RunSuite(const SuitePlan& plan,
                const std::function<void(const SuiteEvent& event)>& on_event,
                const CancelToken& cancel) {
  const CancelToken stop;
  const CancelToken grace;
  const auto forward = cancel.OnCancel([&] { stop.Cancel(cancel.status()); });
  SuiteWorkers workers(plan, stop, grace);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < std::max<size_t>(plan.jobs, 1); ++i) {
    workers.Add();
    threads.emplace_back([&workers] { workers.Work(); });
  }
  std::optional<std::chrono::steady_clock::time_point> stopped;
  while (const auto event = workers.Next()) {
    on_event(*event);
    const auto now = std::chrono::steady_clock::now();
    if (stop.cancelled() && !stopped) {
      stopped = now;
    }
    if (stopped && now > *stopped + kGrace) {
      grace.Cancel();
    }
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  PLUMB_RETURN_IF_ERROR(cancel.status());
  return workers.lost();
}

}  // namespace plumb::client
