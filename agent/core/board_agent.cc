#include "agent/core/board_agent.h"

#include <string>
#include <utility>

#include "common/base/log.h"
#include "common/runner/failure.h"

namespace plumb::agent {
namespace {

std::string Describe(const rpc::RunKey& key) {
  const std::string attempt =
      key.attempt == 1 ? "" : " (attempt " + std::to_string(key.attempt) + ")";
  return "run " + key.run_id + attempt;
}

Status StoppedError() {
  return CancelledError("the agent was stopped").WithReason(kReasonCancelled);
}

Status BusyError(const rpc::RunKey& current) {
  return UnavailableError("the board is at " + Describe(current))
      .WithReason(kReasonBoardBusy)
      .WithHint("wait for it, or stop it: plumb cancel " + current.run_id);
}

Status DeadlineError(std::chrono::milliseconds deadline) {
  return DeadlineExceededError("the run was not finished within its " +
                               std::to_string(deadline.count()) + " ms")
      .WithHint("give it more time: --deadline");
}

void LogOutcome(const rpc::RunKey& key, const RunOutcome& outcome) {
  if (outcome.run.ok() && outcome.upload.ok()) {
    LogInfo(Describe(key) + ": done");
  } else if (!outcome.run.ok()) {
    LogWarning(Describe(key) + ": " + outcome.run.ToString());
  }
  if (!outcome.upload.ok() && outcome.upload.message() != outcome.run.message()) {
    LogWarning(Describe(key) + ": the server was not told the end: " + outcome.upload.ToString());
  }
}

}  // namespace

BoardAgent::BoardAgent(RunExecutor& executor,
                       ControlPort& control,
                       Watchdog& watchdog,
                       FenceKeeper& fences)
    : executor_(executor),
      control_(control),
      watchdog_(watchdog),
      fences_(fences),
      worker_([this] { Work(); }) {}

BoardAgent::~BoardAgent() {
  Stop(std::chrono::milliseconds(0));
}

BoardAgent::Job BoardAgent::MakeJob(const rpc::RunCommand& command) {
  Job job;
  job.command = command;
  job.deadline =
      watchdog_.Arm(command.deadline, [cancel = job.cancel, deadline = command.deadline] {
        cancel.Cancel(DeadlineError(deadline));
      });
  return job;
}

void BoardAgent::OnRunCommand(const rpc::RunCommand& command) {
  if (const Status admitted = fences_.Admit(command.fence); !admitted.ok()) {
    control_.SendFailed(command.key, admitted);
    return;
  }
  std::unique_lock lock(mutex_);
  if (stopping_) {
    lock.unlock();
    control_.SendFailed(command.key, StoppedError());
    return;
  }
  for (const auto* job : {&current_, &next_}) {
    if (*job && (*job)->command.key == command.key) {
      const rpc::RunPhase phase = (*job)->phase;
      lock.unlock();
      control_.SendProgress(command.key, phase);
      return;
    }
  }
  if (current_ && (!current_->finishing || next_)) {
    const Status busy = BusyError((next_ ? *next_ : *current_).command.key);
    lock.unlock();
    control_.SendFailed(command.key, busy);
    return;
  }
  (current_ ? next_ : current_).emplace(MakeJob(command));
  lock.unlock();
  control_.SendProgress(command.key, rpc::RunPhase::kAccepted);
  changed_.notify_all();
}

void BoardAgent::OnCancel(const rpc::CancelCommand& command) {
  CancelToken token;
  {
    const std::lock_guard lock(mutex_);
    for (const auto* job : {&current_, &next_}) {
      if (*job && (*job)->command.key == command.key) {
        token = (*job)->cancel;
      }
    }
  }
  const std::string why = command.message.empty() ? "the run was cancelled" : command.message;
  token.Cancel(CancelledError(why).WithReason(kReasonCancelled));
}

std::optional<rpc::RunKey> BoardAgent::current_run() const {
  const std::lock_guard lock(mutex_);
  return current_ ? std::optional(current_->command.key) : std::nullopt;
}

void BoardAgent::Stop(std::chrono::milliseconds patience) {
  std::optional<CancelToken> running;
  std::optional<Job> waiting;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting = std::exchange(next_, {});
    if (current_) {
      running = current_->cancel;
    }
  }
  changed_.notify_all();
  if (waiting) {
    // It was accepted: the server would wait for it.
    control_.SendFailed(waiting->command.key, StoppedError());
  }
  if (!worker_.joinable()) {
    return;
  }
  const auto last =
      watchdog_.Arm(patience, [abandon = abandon_] { abandon.Cancel(StoppedError()); });
  if (running) {
    running->Cancel(StoppedError());
  }
  worker_.join();
}

void BoardAgent::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return current_ || stopping_; });
    if (!current_) {
      return;
    }
    const rpc::RunCommand command = current_->command;
    const CancelToken cancel = current_->cancel;
    lock.unlock();
    Perform(command, cancel);
    lock.lock();
    // Its deadline's guard may wait for the callback, which never takes this mutex.
    const std::optional<Job> finished = std::exchange(current_, std::exchange(next_, {}));
    if (stopping_) {
      current_.reset();
    }
  }
}

void BoardAgent::Perform(const rpc::RunCommand& command, const CancelToken& cancel) {
  LogInfo(Describe(command.key) + ": accepted");
  RunObserver observer;
  observer.on_phase = [this](rpc::RunPhase phase) { SetPhase(phase); };
  observer.on_finishing = [this] {
    const std::lock_guard lock(mutex_);
    current_->finishing = true;
  };
  const RunOutcome outcome = executor_.Execute(command, observer, cancel, abandon_);
  LogOutcome(command.key, outcome);
  if (!outcome.upload.ok()) {
    control_.SendFailed(command.key, outcome.run.ok() ? outcome.upload : outcome.run);
  }
}

void BoardAgent::SetPhase(rpc::RunPhase phase) {
  rpc::RunKey key;
  {
    const std::lock_guard lock(mutex_);
    current_->phase = phase;
    key = current_->command.key;
  }
  control_.SendProgress(key, phase);
}

}  // namespace plumb::agent
