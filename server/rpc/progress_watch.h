// Ends a stream whose peer hardly moves: gRPC knows deadlines for whole calls only.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "common/base/status.h"
#include "server/core/limits.h"
#include "server/core/strand.h"

namespace plumb::server {

// From construction until Stop(), looks every `limits.stall` whether `limits.least_progress` bytes
// went by since the last look; so a peer that stops is noticed within twice that. Costs the stream
// an addition per message.
class ProgressWatch {
 public:
  // `on_stall` is called on the strand, at most once, with the kDeadlineExceeded to end the stream
  // with; `what` for its message: "the sender of the file".
  ProgressWatch(Strand* strand,
                const ServerLimits& limits,
                std::string what,
                std::function<void(const Status& status)> on_stall);
  ProgressWatch(const ProgressWatch&) = delete;
  ProgressWatch& operator=(const ProgressWatch&) = delete;
  ~ProgressWatch();

  // Any thread.
  void Advance(uint64_t bytes) { state_->moved.fetch_add(bytes, std::memory_order_relaxed); }

  // Any thread, also from within `on_stall`, which otherwise is not running any more afterwards.
  void Stop();

 private:
  struct State {
    std::atomic<uint64_t> moved = 0;
    uint64_t seen = 0;  // of `moved` at the last look; on the strand
    Strand::Timer timer;
    std::recursive_mutex mutex;  // of on_stall: what ends a stream may call Stop at once
    std::function<void(const Status& status)> on_stall;
  };

  static void Arm(Strand* strand,
                  const std::shared_ptr<State>& state,
                  std::chrono::milliseconds stall,
                  uint64_t least,
                  const std::string& what);

  Strand* strand_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace plumb::server
