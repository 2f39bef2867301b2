#include "agent/link/link_status.h"

#include <utility>

#include "common/rpc/status_bridge.h"
#include "common/runner/failure.h"

namespace plumb::agent {

Status FromLink(const grpc::Status& status) {
  Status result = rpc::FromGrpc(status);
  if (rpc::IsLinkError(result)) {
    return LinkBroken(result.message());
  }
  // Without a reason of its own an answer of the server is still not the user's mistake.
  return result.ok() ? result : std::move(result).WithReason(kReasonProtocol);
}

Status LinkBroken(std::string message) {
  return UnavailableError(std::move(message));
}

}  // namespace plumb::agent
