#include "common/rpc/protocol_error.h"

#include <string>

#include "common/runner/failure.h"

namespace plumb::rpc {

Status ProtocolError(std::string_view field, std::string_view what) {
  return InvalidArgumentError(std::string(field) + ": " + std::string(what))
      .WithReason(kReasonProtocol);
}

}  // namespace plumb::rpc
