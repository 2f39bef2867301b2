#include "client/cli/suite/suite_run.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "client/cli/run/run_preparer.h"
#include "client/lib/batch_run.h"
#include "client/lib/upload_once.h"
#include "common/analysis/outcome.h"

namespace plumb::client {
namespace {

constexpr std::chrono::milliseconds kTick{200};
// For the reports of runs that were cancelled.
constexpr std::chrono::seconds kGrace{5};
constexpr std::string_view kReasonFailFast = "fail_fast";

class SuiteWorkers {
 public:
  SuiteWorkers(const SuitePlan& plan, const CancelToken& stop, const CancelToken& grace)
      : plan_(plan),
        stop_(stop),
        grace_(grace),
        port_(plan.port),
        columns_(plan.suite->boards.size()) {
    for (size_t i = 0; i < plan.cases->size(); ++i) {
      if (!plan.known[i]) {
        columns_[(*plan.cases)[i].board].waiting.push_back(i);
        ++left_;
      }
    }
  }

  // One thread's life: case after case.
  void Work();
  // The next event; a tick when none comes for a while; nothing when all threads have ended.
  std::optional<SuiteEvent> Next();

  void Add() {
    const std::lock_guard lock(mutex_);
    ++working_;
  }

  // Cases without an outcome.
  [[nodiscard]] size_t left() {
    const std::lock_guard lock(mutex_);
    return left_;
  }

 private:
  struct BoardColumn {
    std::deque<size_t> waiting;
    size_t out = 0;
  };

  std::optional<size_t> TakeCase();
  Status Prepare(const SuiteCase& one, RunRequest* request, std::vector<std::string>* sources);
  void Run(size_t index);
  void Push(SuiteEvent event);

  const SuitePlan& plan_;
  const CancelToken stop_;
  const CancelToken grace_;
  UploadOncePort port_;
  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::deque<SuiteEvent> events_;
  std::vector<BoardColumn> columns_;
  size_t left_ = 0;
  size_t working_ = 0;
};

std::optional<size_t> SuiteWorkers::TakeCase() {
  const std::lock_guard lock(mutex_);
  BoardColumn* next = nullptr;
  for (BoardColumn& column : columns_) {
    if (!column.waiting.empty() &&
        (next == nullptr || std::pair(column.out, column.waiting.front()) <
                                std::pair(next->out, next->waiting.front()))) {
      next = &column;
    }
  }
  if (next == nullptr || stop_.cancelled()) {
    return std::nullopt;
  }
  const size_t index = next->waiting.front();
  next->waiting.pop_front();
  ++next->out;
  return index;
}

Status SuiteWorkers::Prepare(const SuiteCase& one,
                             RunRequest* request,
                             std::vector<std::string>* sources) {
  const SuiteModel& model = plan_.suite->models[one.model];
  *request = model.base;
  request->model_name = std::filesystem::path(model.path).filename().string();
  request->board = plan_.suite->boards[one.board];
  PLUMB_ASSIGN_OR_RETURN(request->model, port_.EnsureArtifact(model.path, stop_));
  const auto& files = model.samples[one.sample];
  for (const std::string& file : files) {
    PLUMB_RETURN_IF_ERROR(CheckRawInput(file, model.path));
  }
  RunPreparer preparer;
  preparer.port = &port_;
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
    run = RunOne(&port_, request, stop_, grace_);
  } else {
    run.ending = stop_.cancelled() ? Ending::kStopped : EndingOf(ready);
    run.why = ready;
    run.outcome.error = ready;
    run.outcome.exit_code = analysis::ExitCodeOf(ready);
  }
  if (run.ending == Ending::kServerLost) {
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
    stop_.Cancel(AbortedError("a case did not match").WithReason(kReasonFailFast));
  }
}

void SuiteWorkers::Work() {
  while (const auto index = TakeCase()) {
    Run(*index);
    const std::lock_guard lock(mutex_);
    --columns_[(*plan_.cases)[*index].board].out;
  }
  const std::lock_guard lock(mutex_);
  --working_;
  changed_.notify_all();
}

void SuiteWorkers::Push(SuiteEvent event) {
  const std::lock_guard lock(mutex_);
  left_ -= event.kind == SuiteEvent::Kind::kFinished ? 1 : 0;
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
  const auto began = std::chrono::steady_clock::now();
  std::optional<std::chrono::steady_clock::time_point> stopped;
  while (const auto event = workers.Next()) {
    on_event(*event);
    const auto now = std::chrono::steady_clock::now();
    if (plan.deadline && now - began > *plan.deadline) {
      stop.Cancel(DeadlineExceededError("the suite's deadline is over")
                      .WithHint("give it more time with --deadline; the same command goes on from "
                                "here"));
    }
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
  // What stopped it in its last moment does not count when all is done.
  return workers.left() == 0 || stop.status().reason() == kReasonFailFast ? OkStatus()
                                                                          : stop.status();
}

}  // namespace plumb::client
