#include "client/lib/progress_guard.h"

#include "common/rpc/limits.h"

namespace plumb::client {

using Clock = std::chrono::steady_clock;

ProgressGuard::ProgressGuard(grpc::ClientContext* context, std::chrono::milliseconds stall)
    : context_(context),
      stall_(stall),
      deadline_(Clock::now() + stall),
      thread_([this] { Watch(); }) {}

ProgressGuard::~ProgressGuard() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ProgressGuard::Advance(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  moved_ += bytes;
  if (moved_ >= rpc::kLeastProgress) {
    moved_ = 0;
    deadline_ = Clock::now() + stall_;
  }
}

void ProgressGuard::AwaitEnd(std::chrono::milliseconds patience) {
  const std::lock_guard lock(mutex_);
  deadline_ = Clock::now() + patience;
}

bool ProgressGuard::stalled() const {
  const std::lock_guard lock(mutex_);
  return stalled_;
}

void ProgressGuard::Watch() {
  std::unique_lock lock(mutex_);
  while (!over_ && Clock::now() < deadline_) {
    changed_.wait_until(lock, deadline_);
  }
  if (!over_) {
    stalled_ = true;
    lock.unlock();
    context_->TryCancel();
  }
}

}  // namespace plumb::client
