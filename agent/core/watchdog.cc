#include "agent/core/watchdog.h"

#include <algorithm>
#include <utility>

namespace plumb::agent {

Watchdog::Guard::Guard(Guard&& other) noexcept
    : watchdog_(std::exchange(other.watchdog_, nullptr)),
      id_(other.id_) {}

Watchdog::Guard& Watchdog::Guard::operator=(Guard&& other) noexcept {
  if (this != &other) {
    if (watchdog_ != nullptr) {
      watchdog_->Disarm(id_);
    }
    watchdog_ = std::exchange(other.watchdog_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

Watchdog::Guard::~Guard() {
  if (watchdog_ != nullptr) {
    watchdog_->Disarm(id_);
  }
}

Watchdog::Watchdog() : thread_([this] { Work(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Watchdog::Guard Watchdog::Arm(std::chrono::milliseconds timeout, std::function<void()> late) {
  const std::lock_guard lock(mutex_);
  const uint64_t id = next_id_++;
  entries_[id] = {Clock::now() + timeout, std::move(late)};
  changed_.notify_all();
  return {this, id};
}

void Watchdog::Disarm(uint64_t id) {
  std::unique_lock lock(mutex_);
  entries_.erase(id);
  if (std::this_thread::get_id() != thread_.get_id()) {
    changed_.wait(lock, [this, id] { return running_id_ != id; });
  }
}

void Watchdog::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto next =
        std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
          return a.second.deadline < b.second.deadline;
        });
    if (next == entries_.end()) {
      changed_.wait(lock);
      continue;
    }
    if (Clock::now() < next->second.deadline) {
      changed_.wait_until(lock, Clock::time_point(next->second.deadline));
      continue;
    }
    running_id_ = next->first;
    const std::function<void()> late = std::move(next->second.late);
    entries_.erase(next);
    lock.unlock();
    late();
    lock.lock();
    running_id_ = 0;
    changed_.notify_all();
  }
}

}  // namespace plumb::agent
