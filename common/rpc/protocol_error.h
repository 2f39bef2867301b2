// The error for a peer that does not keep to the protocol.
#pragma once

#include <string_view>

#include "common/base/status.h"

namespace plumb::rpc {

// kInvalidArgument with kReasonProtocol: "FIELD: what".
Status ProtocolError(std::string_view field, std::string_view what);

}  // namespace plumb::rpc
