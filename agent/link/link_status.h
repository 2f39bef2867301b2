// What a call's end means to agent/core.
#pragma once

#include <grpcpp/support/status.h>

#include "common/base/status.h"

namespace plumb::agent {

// kUnavailable without a reason for a broken link, the server's answer otherwise.
Status FromLink(const grpc::Status& status);
// The same for an error made on this side.
Status LinkBroken(std::string message);

}  // namespace plumb::agent
