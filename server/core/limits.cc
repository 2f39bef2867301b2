#include "server/core/limits.h"

#include "common/runner/failure.h"

namespace plumb::server {

Status LimitReached(const std::string& what, size_t limit, std::string_view hint) {
  return ResourceExhaustedError("this server takes at most " + std::to_string(limit) + " " + what)
      .WithReason(kReasonLimit)
      .WithHint(hint);
}

}  // namespace plumb::server
