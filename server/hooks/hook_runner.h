// Runs hooks beside the server's strand, those of different boards at the same time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "server/hooks/hook_command.h"
#include "server/hooks/hook_config.h"

namespace plumb::server {

// Thread-safe. One thread for each call; the caller bounds how many there are at once.
class HookRunner {
 public:
  explicit HookRunner(HookConfig config) : config_(std::move(config)) {}

  HookRunner(const HookRunner&) = delete;
  HookRunner& operator=(const HookRunner&) = delete;
  // Kills what runs and waits for it.
  ~HookRunner();

  [[nodiscard]] const HookConfig& config() const { return config_; }

  [[nodiscard]] bool Has(const std::string& board, Hook hook) const {
    return config_.Find(board, hook) != nullptr;
  }

  // Runs those of `hooks` that the board has, one after the other, and then calls `done` on another
  // thread: OK, or the first failure for which the board is to be quarantined; what came after it
  // was left out. kCancelled: EndWithin ended it, which says nothing of the board.
  void Run(std::string board,
           std::string run,
           std::string reason,
           std::vector<Hook> hooks,
           std::function<void(const Status& failure)> done);

  // What runs, or is run from now on, is killed unless it ends within `patience` from now.
  void EndWithin(std::chrono::milliseconds patience);

 private:
  using Clock = std::chrono::steady_clock;

  Status RunAll(const HookCall& call, const std::vector<Hook>& hooks);
  [[nodiscard]] Clock::time_point deadline() const;

  const HookConfig config_;
  mutable std::mutex mutex_;
  Clock::time_point deadline_ = Clock::time_point::max();
  uint64_t next_ = 0;
  std::map<uint64_t, std::thread> threads_;
  std::vector<uint64_t> over_;  // of threads_, to be joined
};

}  // namespace plumb::server
