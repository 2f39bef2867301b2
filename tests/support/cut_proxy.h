// A proxy between two unix sockets that can be cut like a cable and mended again.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/base/status.h"

namespace plumb::test {

// Listens on `front` and forwards every connection to `back`. Thread-safe.
class CutProxy {
 public:
  static Result<std::unique_ptr<CutProxy>> Start(const std::string& front, const std::string& back);
  ~CutProxy();
  CutProxy(const CutProxy&) = delete;
  CutProxy& operator=(const CutProxy&) = delete;

  // Runs `action` on the proxy's thread as soon as `bytes` have gone from front to back in all;
  // nothing more is forwarded meanwhile. The action may Cut() or signal a process.
  void TripAt(uint64_t bytes, std::function<void()> action);
  // Waits until the action has run; false when `timeout` is over first.
  bool WaitForTrip(std::chrono::milliseconds timeout);
  // Drops every connection and refuses new ones until Mend().
  void Cut();
  void Mend();

 private:
  struct State;
  explicit CutProxy(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace plumb::test
