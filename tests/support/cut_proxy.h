// A proxy between two unix sockets that can be cut like a cable and mended again.
#pragma once

#include <chrono>
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

  // Waits until `bytes` have gone from front to back since the start; false when `timeout` is over.
  bool WaitForBytes(uint64_t bytes, std::chrono::milliseconds timeout);
  // Drops every connection and refuses new ones until Mend().
  void Cut();
  void Mend();

 private:
  struct State;
  explicit CutProxy(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace plumb::test
