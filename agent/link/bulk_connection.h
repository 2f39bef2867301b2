// The second connection to the server, for uploads and artifacts, kept apart from control.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>

#include <grpcpp/channel.h>

#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/rpc/channel.h"

namespace plumb::agent {

// Thread-safe.
class BulkConnection {
 public:
  explicit BulkConnection(rpc::Endpoint server);

  // A connected channel, or kUnavailable after `timeout`, or `cancel`'s status.
  Result<std::shared_ptr<grpc::Channel>> Connect(std::chrono::milliseconds timeout,
                                                 const CancelToken& cancel);
  // A call on `channel` broke: the next Connect dials anew instead of trusting a connection that
  // may be half dead.
  void Drop(const std::shared_ptr<grpc::Channel>& channel);

 private:
  std::shared_ptr<grpc::Channel> Current();

  const rpc::Endpoint server_;
  std::mutex mutex_;
  std::shared_ptr<grpc::Channel> channel_;
};

// Waits for `channel` to be connected as BulkConnection::Connect does. With `fail_fast` a refused
// attempt is an answer; otherwise gRPC's own retries go on until `timeout`.
Status AwaitConnected(grpc::Channel& channel,
                      std::chrono::milliseconds timeout,
                      bool fail_fast,
                      const CancelToken& cancel);

}  // namespace plumb::agent
