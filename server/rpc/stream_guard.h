// What keeps a stream that the strand drives from staying open for a peer that does nothing.
#pragma once

#include <functional>
#include <mutex>

#include <grpcpp/grpcpp.h>

#include "server/core/limits.h"
#include "server/core/strand.h"
#include "server/rpc/stream_quota.h"

namespace plumb::server {

// On the strand, but for Forget().
class StreamGuard {
 public:
  // `context` is gRPC's, of the call; it lives until OnDone returns, so OnDone must call Forget().
  StreamGuard(Strand* strand, grpc::CallbackServerContext* context, const ServerLimits& limits)
      : strand_(strand),
        limits_(limits),
        context_(context) {}

  // Keeps the stream's place until Release().
  void Hold(StreamQuota::Place place) { place_ = std::move(place); }

  // Calls `close` with kDeadlineExceeded unless FirstMessageCame() within limits.first_message.
  void AwaitFirstMessage(std::function<void(const Status& status)> close);

  void FirstMessageCame() { first_message_ = {}; }

  // Breaks the call off unless WriteEnds() within limits.stall: what is in flight cannot be taken
  // back, and a status would wait behind it. The peer sees CANCELLED.
  void WriteBegins();

  void WriteEnds() { write_ = {}; }

  // The stream is over: its place is free, no timer runs.
  void Release();

  // On gRPC's thread. Waits for a breaking off under way on the strand.
  void Forget();

 private:
  Strand* const strand_;
  const ServerLimits limits_;
  StreamQuota::Place place_;
  Strand::Timer first_message_;
  Strand::Timer write_;
  std::recursive_mutex mutex_;  // of context_; breaking off may lead to OnDone at once
  grpc::CallbackServerContext* context_;
};

}  // namespace plumb::server
