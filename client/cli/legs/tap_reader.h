// Bytes from the pipe of a child that may hang, crash or lie.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <utility>

#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/base/unique_fd.h"

namespace plumb::client {

class TapReader {
 public:
  TapReader(UniqueFd pipe, CancelToken cancel, std::chrono::milliseconds timeout)
      : pipe_(std::move(pipe)),
        cancel_(std::move(cancel)),
        deadline_(std::chrono::steady_clock::now() + timeout) {}

  // Fills `bytes`. kUnavailable when the stream ends before, kDeadlineExceeded when the time for
  // the whole stream is over, cancel's status.
  Status Read(std::span<uint8_t> bytes);

 private:
  UniqueFd pipe_;
  CancelToken cancel_;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace plumb::client
