// How many streams of one kind may be open at once.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/status.h"

namespace plumb::server {

// Thread-safe. Places may outlive the quota.
class StreamQuota {
 public:
  // `what` for messages: "uploads of files at once".
  StreamQuota(std::string what, size_t limit) : what_(std::move(what)), limit_(limit) {}

  // Given back when the last copy goes.
  using Place = std::shared_ptr<void>;

  // kResourceExhausted with kReasonLimit when all are taken.
  Result<Place> Take();

 private:
  const std::string what_;
  const size_t limit_;
  const std::shared_ptr<char> token_ = std::make_shared<char>();
  std::mutex mutex_;
};

}  // namespace plumb::server
