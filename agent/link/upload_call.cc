#include "agent/link/upload_call.h"

#include <algorithm>
#include <utility>

#include "common/rpc/board_convert.h"

namespace plumb::agent {
namespace {

constexpr const char* kMethod = "/plumb.v1.BoardService/Upload";

}  // namespace

UploadCall::UploadCall(std::shared_ptr<grpc::Channel> channel)
    : channel_(std::move(channel)),
      stub_(channel_) {
  stub_.PrepareBidiStreamingCall(&context_, kMethod, {}, this);
  // Writes are started outside of callbacks.
  AddHold();
  StartRead(&response_);
  StartCall();
}

UploadCall::~UploadCall() {
  context_.TryCancel();
  static_cast<void>(end());
}

void UploadCall::OnWriteDone(bool ok) {
  std::unique_lock lock(mutex_);
  over_ = over_ || !ok;
  const bool more = ok && next_.has_value();
  if (more) {
    message_ = std::move(*next_);
  }
  writing_ = more;
  next_.reset();
  changed_.notify_all();
  if (more) {
    lock.unlock();
    StartWrite(&message_);
  }
}

void UploadCall::OnReadDone(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    if (ok) {
      position_ = rpc::FromProto(response_);
    }
    over_ = over_ || !ok;
    changed_.notify_all();
  }
  if (ok) {
    StartRead(&response_);
  }
}

// Under the lock to the end: whoever waits for the status may destroy this as soon as it is free.
void UploadCall::OnDone(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  status_ = status;
  changed_.notify_all();
}

template <class Predicate>
CallWait UploadCall::Await(std::chrono::milliseconds timeout,
                           const CancelToken& cancel,
                           std::chrono::milliseconds grace,
                           const Predicate& happened) {
  const auto registration = cancel.OnCancel([this] {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  const auto until = Clock::now() + timeout;
  const auto settled = [&] { return over_ || happened(); };
  changed_.wait_until(lock, until, [&] { return settled() || cancel.cancelled(); });
  const bool cancelled = cancel.cancelled();
  if (cancelled && !settled()) {
    changed_.wait_until(lock, std::min(until, Clock::now() + grace), settled);
  }
  if (happened()) {
    return CallWait::kDone;
  }
  if (over_) {
    return CallWait::kOver;
  }
  return cancelled ? CallWait::kCancelled : CallWait::kTimeout;
}

CallWait UploadCall::AwaitWritable(std::chrono::milliseconds timeout,
                                   const CancelToken& cancel,
                                   std::chrono::milliseconds grace) {
  return Await(timeout, cancel, grace, [this] { return !next_ && !over_; });
}

void UploadCall::Write(grpc::ByteBuffer message) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(writing_, true)) {
      next_ = std::move(message);
      return;
    }
  }
  message_ = std::move(message);
  StartWrite(&message_);
}

CallWait UploadCall::AwaitPosition(std::chrono::milliseconds timeout, const CancelToken& cancel) {
  return Await(
      timeout, cancel, std::chrono::milliseconds(0), [this] { return position_.has_value(); });
}

CallWait UploadCall::AwaitSequence(uint64_t sequence,
                                   std::chrono::milliseconds timeout,
                                   const CancelToken& cancel) {
  return Await(timeout, cancel, std::chrono::milliseconds(0), [this, sequence] {
    return position_ && position_->sequence >= sequence;
  });
}

rpc::UploadPosition UploadCall::position() const {
  const std::lock_guard lock(mutex_);
  return position_.value_or(rpc::UploadPosition());
}

void UploadCall::Close(std::chrono::milliseconds patience) {
  StartWritesDone();
  LetGo();
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return status_.has_value(); });
}

grpc::Status UploadCall::end() {
  LetGo();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return status_.has_value(); });
  return *status_;
}

void UploadCall::LetGo() {
  if (std::exchange(held_, false)) {
    RemoveHold();
  }
}

}  // namespace plumb::agent
