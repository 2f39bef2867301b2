// Cancellation that several threads share: one side cancels, others poll, wait or get called.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/status.h"

namespace plumb {

// Copies share one state. Thread-safe. A default token is live and can be cancelled.
class CancelToken {
 public:
  CancelToken() : state_(std::make_shared<State>()) {}

  // The first call counts: it keeps `status` (an error), wakes waiters and runs the callbacks on
  // this thread.
  void Cancel(Status status) const;

  void Cancel() const { Cancel(CancelledError("cancelled")); }

  [[nodiscard]] bool cancelled() const;
  // OK while live, otherwise what Cancel() was given.
  [[nodiscard]] Status status() const;
  // Waits until cancelled or until `timeout` is over; true when cancelled.
  bool WaitFor(std::chrono::milliseconds timeout) const;

  // Runs `callback` once on cancellation, at once if that has happened. The returned handle
  // unregisters on destruction and then guarantees that the callback is not running.
  class [[nodiscard]] Registration {
   public:
    Registration() = default;
    Registration(Registration&& other) noexcept = default;
    Registration& operator=(Registration&& other) noexcept;
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    ~Registration();

   private:
    friend class CancelToken;
    std::shared_ptr<struct CancelState> state_;
    uint64_t id_ = 0;
  };

  Registration OnCancel(std::function<void()> callback) const;

 private:
  using State = struct CancelState;
  std::shared_ptr<State> state_;
};

struct CancelState {
  std::mutex mutex;
  std::condition_variable changed;
  bool cancelled = false;
  Status status;
  uint64_t next_id = 1;
  uint64_t running_id = 0;
  std::map<uint64_t, std::function<void()>> callbacks;
};

}  // namespace plumb
