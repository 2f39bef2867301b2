#include "agent/link/bulk_connection.h"

#include <algorithm>
#include <utility>

#include "agent/core/retry.h"
#include "agent/link/link_status.h"
#include "common/rpc/channel.h"

namespace plumb::agent {
namespace {

// How soon cancellation is noticed while dialling.
constexpr std::chrono::milliseconds kDialSlice{50};

}  // namespace

Status AwaitConnected(grpc::Channel& channel,
                      std::chrono::milliseconds timeout,
                      bool fail_fast,
                      const CancelToken& cancel) {
  const ResumeWindow window(timeout);
  for (;;) {
    const grpc_connectivity_state state = channel.GetState(true);
    if (state == GRPC_CHANNEL_READY) {
      return OkStatus();
    }
    if (cancel.cancelled()) {
      return cancel.status();
    }
    if (fail_fast && state == GRPC_CHANNEL_TRANSIENT_FAILURE) {
      return LinkBroken("nothing answers there");
    }
    const auto left = window.left();
    if (left.count() == 0) {
      return LinkBroken("no connection within " + std::to_string(timeout.count()) + " ms");
    }
    channel.WaitForStateChange(state,
                               std::chrono::system_clock::now() + std::min(left, kDialSlice));
  }
}

BulkConnection::BulkConnection(rpc::Endpoint server) : server_(std::move(server)) {}

Result<std::shared_ptr<grpc::Channel>> BulkConnection::Connect(std::chrono::milliseconds timeout,
                                                               const CancelToken& cancel) {
  std::shared_ptr<grpc::Channel> channel = Current();
  PLUMB_RETURN_IF_ERROR(AwaitConnected(*channel, timeout, false, cancel));
  return channel;
}

void BulkConnection::Drop(const std::shared_ptr<grpc::Channel>& channel) {
  const std::lock_guard lock(mutex_);
  if (channel_ == channel) {
    channel_.reset();
  }
}

std::shared_ptr<grpc::Channel> BulkConnection::Current() {
  const std::lock_guard lock(mutex_);
  if (channel_ == nullptr) {
    channel_ = rpc::OpenChannel(server_, rpc::ChannelPurpose::kBulk);
  }
  return channel_;
}

}  // namespace plumb::agent
