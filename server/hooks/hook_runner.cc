#include "server/hooks/hook_runner.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"

namespace plumb::server {

HookRunner::~HookRunner() {
  EndWithin(std::chrono::milliseconds(0));
  std::map<uint64_t, std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    threads.swap(threads_);
  }
  for (auto& [number, thread] : threads) {
    thread.join();
  }
}

void HookRunner::Run(std::string board,
                     std::string run,
                     std::string reason,
                     std::vector<Hook> hooks,
                     std::function<void(const Status& failure)> done) {
  const std::lock_guard lock(mutex_);
  for (const uint64_t number : std::exchange(over_, {})) {
    threads_.at(number).join();  // its last act is behind it
    threads_.erase(number);
  }
  const uint64_t number = next_++;
  HookCall call{Hook::kBeforeLease, std::move(board), std::move(run), std::move(reason)};
  threads_.emplace(
      number,
      std::thread(
          [this, number, call = std::move(call), hooks = std::move(hooks), done = std::move(done)] {
            done(RunAll(call, hooks));
            const std::lock_guard over(mutex_);
            over_.push_back(number);
          }));
}

Status HookRunner::RunAll(const HookCall& call, const std::vector<Hook>& hooks) {
  for (const Hook hook : hooks) {
    const HookCommand* command = config_.Find(call.board, hook);
    if (command == nullptr) {
      continue;
    }
    HookCall one = call;
    one.hook = hook;
    const Status status = RunHookCommand(*command, one, [this] { return deadline(); });
    if (!status.ok() && Clock::now() >= deadline()) {
      return CancelledError(status.message());
    }
    if (!status.ok() && command->quarantine) {
      return status;
    }
    if (!status.ok()) {
      LogWarning(status.ToString() + " (on_failure: continue)");
    }
  }
  return OkStatus();
}

void HookRunner::EndWithin(std::chrono::milliseconds patience) {
  const std::lock_guard lock(mutex_);
  deadline_ = std::min(deadline_, Clock::now() + patience);
}

HookRunner::Clock::time_point HookRunner::deadline() const {
  const std::lock_guard lock(mutex_);
  return deadline_;
}

}  // namespace plumb::server
