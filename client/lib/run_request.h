// RunRequest to the wire.
#pragma once

#include "plumb/v1/run_service.pb.h"

#include "client/lib/run_types.h"

namespace plumb::client {

// With a fresh request id. kInvalidArgument with kReasonUsage for what cannot be asked for.
Result<v1::StartRunRequest> ToProto(const RunRequest& request);

}  // namespace plumb::client
