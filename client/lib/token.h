// The token that a client shows with every call.
#pragma once

#include <string>

#include <grpcpp/grpcpp.h>

#include "common/base/status.h"

namespace plumb::client {

struct ClientOptions;

// Empty without a token file. kInvalidArgument for a file that holds no token, that others may
// read, or for a connection on which others could read along.
Result<std::string> ReadToken(const ClientOptions& options);

// Nothing for an empty token.
void ShowToken(const std::string& token, grpc::ClientContext* context);

}  // namespace plumb::client
