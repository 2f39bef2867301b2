#include "common/base/cancel.h"

#include <utility>

namespace plumb {

void CancelToken::Cancel(Status status) const {
  std::unique_lock lock(state_->mutex);
  if (state_->cancelled) {
    return;
  }
  state_->cancelled = true;
  state_->status = status.ok() ? CancelledError("cancelled") : std::move(status);
  state_->changed.notify_all();
  while (!state_->callbacks.empty()) {
    auto node = state_->callbacks.extract(state_->callbacks.begin());
    state_->running_id = node.key();
    lock.unlock();
    node.mapped()();
    lock.lock();
    state_->running_id = 0;
    state_->changed.notify_all();
  }
}

bool CancelToken::cancelled() const {
  const std::lock_guard lock(state_->mutex);
  return state_->cancelled;
}

Status CancelToken::status() const {
  const std::lock_guard lock(state_->mutex);
  return state_->status;
}

bool CancelToken::WaitFor(std::chrono::milliseconds timeout) const {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, timeout, [this] { return state_->cancelled; });
}

CancelToken::Registration CancelToken::OnCancel(std::function<void()> callback) const {
  Registration registration;
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->cancelled) {
      registration.state_ = state_;
      registration.id_ = state_->next_id++;
      state_->callbacks.emplace(registration.id_, std::move(callback));
      return registration;
    }
  }
  callback();
  return registration;
}

CancelToken::Registration& CancelToken::Registration::operator=(Registration&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(id_, other.id_);
  return *this;
}

CancelToken::Registration::~Registration() {
  if (!state_) {
    return;
  }
  std::unique_lock lock(state_->mutex);
  state_->callbacks.erase(id_);
  state_->changed.wait(lock, [this] { return state_->running_id != id_; });
}

}  // namespace plumb
