#include "server/rpc/peer_status.h"

#include <string>
#include <utility>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/rpc/status_bridge.h"

namespace plumb::server {
namespace {

constexpr size_t kIdSize = 12;

bool IsOurDefect(const Status& status) {
  return status.code() == StatusCode::kInternal || status.code() == StatusCode::kUnknown;
}

}  // namespace

grpc::Status ToPeer(const Status& status) {
  if (status.ok()) {
    return grpc::Status::OK;
  }
  const std::string id = RandomId().substr(0, kIdSize);
  const std::string line = "request " + id + ": " + status.ToString();
  if (!IsOurDefect(status)) {
    LogPeer(LogLevel::kInfo, line);
    return rpc::ToGrpc(status, id);
  }
  LogError(line);
  return rpc::ToGrpc(Status(status.code(), "the server has met a defect of its own")
                         .WithReason(status.reason())
                         .WithHint("its log says more, at request " + id),
                     id);
}

}  // namespace plumb::server
