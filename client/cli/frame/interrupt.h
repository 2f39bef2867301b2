// Ctrl-C and SIGTERM as a cancellation.
#pragma once

#include <thread>

#include "common/base/cancel.h"
#include "common/base/unique_fd.h"

namespace plumb::client {

// While it lives, the first SIGINT or SIGTERM cancels `token` and a second one ends the process at
// once with exit code 3. One object per process.
class InterruptWatcher {
 public:
  explicit InterruptWatcher(CancelToken token);
  InterruptWatcher(const InterruptWatcher&) = delete;
  InterruptWatcher& operator=(const InterruptWatcher&) = delete;
  ~InterruptWatcher();

 private:
  CancelToken token_;
  UniqueFd read_end_;
  std::thread thread_;
};

}  // namespace plumb::client
