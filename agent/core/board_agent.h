// The agent's state machine: free, or at one run.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "agent/core/fence_keeper.h"
#include "agent/core/ports.h"
#include "agent/core/run_executor.h"
#include "agent/core/watchdog.h"
#include "common/base/cancel.h"
#include "common/rpc/messages.h"

namespace plumb::agent {

// Runs on one worker thread what the control stream commands. Thread-safe; the On… functions never
// wait for a run.
class BoardAgent final : public SessionHandler {
 public:
  // All must outlive the agent.
  BoardAgent(RunExecutor& executor, ControlPort& control, Watchdog& watchdog, FenceKeeper& fences);
  ~BoardAgent() override;

  // Takes the run (progress), or refuses it while at another one (failed, kReasonBoardBusy) or when
  // a later grant of the board was seen (failed, lease_lost). A run
  // of which only the last commit is missing does not make the board busy: the next one waits.
  // The key of the current run again is answered by its phase.
  void OnRunCommand(const rpc::RunCommand& command) override;
  // Cancels the run of that key; ignores others.
  void OnCancel(const rpc::CancelCommand& command) override;

  [[nodiscard]] std::optional<rpc::RunKey> current_run() const override;

  // Cancels the run, tells the server if that takes no longer than `patience`, and ends the worker.
  // A run that waits and later commands are refused.
  void Stop(std::chrono::milliseconds patience);

 private:
  struct Job {
    rpc::RunCommand command;
    CancelToken cancel;
    Watchdog::Guard deadline;
    rpc::RunPhase phase = rpc::RunPhase::kAccepted;
    bool finishing = false;
  };

  void Work();
  void Perform(const rpc::RunCommand& command, const CancelToken& cancel);
  void SetPhase(rpc::RunPhase phase);
  Job MakeJob(const rpc::RunCommand& command);

  RunExecutor& executor_;
  ControlPort& control_;
  Watchdog& watchdog_;
  FenceKeeper& fences_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Job> current_;
  std::optional<Job> next_;  // only while current_ is finishing
  bool stopping_ = false;
  CancelToken abandon_;
  std::thread worker_;
};

}  // namespace plumb::agent
