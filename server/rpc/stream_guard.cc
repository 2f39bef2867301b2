#include "server/rpc/stream_guard.h"

#include <string>
#include <utility>

#include "common/base/log.h"
#include "common/runner/failure.h"

namespace plumb::server {

void StreamGuard::AwaitFirstMessage(std::function<void(const Status& status)> close) {
  first_message_ = strand_->After(limits_.first_message, [this, close = std::move(close)] {
    close(DeadlineExceededError("no first message came within " +
                                std::to_string(limits_.first_message.count()) + " ms")
              .WithReason(kReasonStalled));
  });
}

void StreamGuard::WriteBegins() {
  write_ = strand_->After(limits_.stall, [this] {
    const std::lock_guard lock(mutex_);
    if (context_ != nullptr) {
      LogPeer(LogLevel::kWarning,
              "a peer that took no message for " + std::to_string(limits_.stall.count()) +
                  " ms is dropped");
      context_->TryCancel();
    }
  });
}

void StreamGuard::Release() {
  first_message_ = {};
  write_ = {};
  place_ = nullptr;
}

void StreamGuard::Forget() {
  const std::lock_guard lock(mutex_);
  context_ = nullptr;
}

}  // namespace plumb::server
