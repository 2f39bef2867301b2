#include "server/rpc/stream_quota.h"

#include "server/core/limits.h"

namespace plumb::server {

Result<StreamQuota::Place> StreamQuota::Take() {
  const std::lock_guard lock(mutex_);
  // Each place holds one copy of `token_`, the quota itself another.
  if (static_cast<size_t>(token_.use_count()) > limit_) {
    return LimitReached(what_,
                        limit_,
                        "try again in a moment; if it stays so, restart the clients "
                        "or agents that hold them");
  }
  return Place(std::make_shared<std::shared_ptr<char>>(token_));
}

}  // namespace plumb::server
