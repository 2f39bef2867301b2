// Ends a call of the client on which nothing moves: gRPC has deadlines per call only.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include <grpcpp/client_context.h>

namespace plumb::client {

// While it lives, the call is cancelled when for `stall` fewer than rpc::kLeastProgress bytes went
// by. Thread-safe.
class ProgressGuard {
 public:
  // `context` must outlive the guard.
  ProgressGuard(grpc::ClientContext* context, std::chrono::milliseconds stall);
  ProgressGuard(const ProgressGuard&) = delete;
  ProgressGuard& operator=(const ProgressGuard&) = delete;
  ~ProgressGuard();

  void Advance(uint64_t bytes);
  // All bytes are sent; what is left may take this long.
  void AwaitEnd(std::chrono::milliseconds patience);
  // The call was ended by this guard.
  [[nodiscard]] bool stalled() const;

 private:
  void Watch();

  grpc::ClientContext* const context_;
  const std::chrono::milliseconds stall_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::chrono::steady_clock::time_point deadline_;
  uint64_t moved_ = 0;
  bool over_ = false;
  bool stalled_ = false;
  std::thread thread_;
};

}  // namespace plumb::client
