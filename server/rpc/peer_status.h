// What a peer is told of an error, and what the server's own log keeps of it.
#pragma once

#include <grpcpp/support/status.h>

#include "common/base/status.h"

namespace plumb::server {

// The status that ends a call. An error gets a request id, drawn here, which both the peer and the
// server's log have: what a person reports can be found. A defect of our own (kInternal, kUnknown)
// keeps its text in the log alone.
grpc::Status ToPeer(const Status& status);

}  // namespace plumb::server
