// Ends a streaming call on which nothing moves: gRPC has deadlines per call only.
#pragma once

#include <atomic>
#include <chrono>

#include <grpcpp/client_context.h>

#include "agent/core/watchdog.h"
#include "common/base/cancel.h"
#include "common/base/status.h"

namespace plumb::agent {

// Watches the operations of one call. Must outlive every guard it gave.
class GuardedCall {
 public:
  GuardedCall(Watchdog& watchdog, grpc::ClientContext& context)
      : watchdog_(watchdog),
        context_(context) {}

  // While the guard lives the call is ended unless it goes within `timeout`.
  Watchdog::Guard Watch(std::chrono::milliseconds timeout) {
    return watchdog_.Arm(timeout, [this] {
      stalled_ = true;
      context_.TryCancel();
    });
  }

  [[nodiscard]] bool stalled() const { return stalled_; }

 private:
  Watchdog& watchdog_;
  grpc::ClientContext& context_;
  std::atomic<bool> stalled_ = false;
};

}  // namespace plumb::agent
