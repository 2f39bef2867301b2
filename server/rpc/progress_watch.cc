#include "server/rpc/progress_watch.h"

#include <string>
#include <utility>

#include "common/runner/failure.h"

namespace plumb::server {

ProgressWatch::ProgressWatch(Strand* strand,
                             const ServerLimits& limits,
                             std::string what,
                             std::function<void(const Status& status)> on_stall)
    : strand_(strand) {
  state_->on_stall = std::move(on_stall);
  strand_->Post([strand, state = state_, limits, what = std::move(what)] {
    Arm(strand, state, limits.stall, limits.least_progress, what);
  });
}

ProgressWatch::~ProgressWatch() {
  Stop();
}

void ProgressWatch::Stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->on_stall = nullptr;
  }
  strand_->Post([state = state_] { state->timer = {}; });
}

void ProgressWatch::Arm(Strand* strand,
                        const std::shared_ptr<State>& state,
                        std::chrono::milliseconds stall,
                        uint64_t least,
                        const std::string& what) {
  state->timer = strand->After(stall, [strand, weak = std::weak_ptr(state), stall, least, what] {
    const auto alive = weak.lock();
    if (!alive) {
      return;
    }
    const uint64_t moved = alive->moved.load(std::memory_order_relaxed) - alive->seen;
    if (moved >= least) {
      alive->seen += moved;
      Arm(strand, alive, stall, least, what);
      return;
    }
    const std::lock_guard lock(alive->mutex);
    if (const auto on_stall = std::exchange(alive->on_stall, nullptr)) {
      on_stall(DeadlineExceededError(what + " moved only " + std::to_string(moved) + " bytes in " +
                                     std::to_string(stall.count()) + " ms; at least " +
                                     std::to_string(least) + " are expected")
                   .WithReason(kReasonStalled)
                   .WithHint("look at the network between the two, then try again"));
    }
  });
}

}  // namespace plumb::server
