#include "agent/link/grpc_upload.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "agent/core/retry.h"
#include "agent/link/link_status.h"
#include "agent/link/upload_call.h"
#include "common/rpc/board_convert.h"
#include "common/rpc/byte_buffer.h"
#include "common/rpc/protocol_error.h"

namespace plumb::agent {
namespace {

class GrpcUploadStream final : public UploadStream {
 public:
  GrpcUploadStream(BulkConnection& connection,
                   std::shared_ptr<grpc::Channel> channel,
                   const GrpcUploadOptions& options)
      : connection_(connection),
        channel_(std::move(channel)),
        options_(options),
        call_(channel_) {}

  ~GrpcUploadStream() override;

  Result<rpc::UploadPosition> Begin(const rpc::RunKey& key,
                                    std::chrono::milliseconds timeout,
                                    const CancelToken& cancel);
  Status Send(const rpc::UploadMessage& message, const CancelToken& cancel) override;
  Status AwaitCommit(uint64_t sequence, const CancelToken& cancel) override;

 private:
  // What a wait that did not end well means.
  Status Failed(CallWait wait, const CancelToken& cancel);
  Status End();

  BulkConnection& connection_;
  const std::shared_ptr<grpc::Channel> channel_;
  const GrpcUploadOptions& options_;
  UploadCall call_;
  bool last_is_run_end_ = false;
  bool run_end_committed_ = false;
  std::optional<Status> end_;  // of the call, once it was asked for
};

GrpcUploadStream::~GrpcUploadStream() {
  if (!end_ && run_end_committed_) {
    call_.Close(options_.cancel_grace);
  }
}

Result<rpc::UploadPosition> GrpcUploadStream::Begin(const rpc::RunKey& key,
                                                    std::chrono::milliseconds timeout,
                                                    const CancelToken& cancel) {
  v1::UploadRequest request;
  *request.mutable_begin() = rpc::ToProto(rpc::UploadBegin{options_.instance_id, key});
  call_.Write(rpc::ToByteBuffer(request));
  const CallWait wait = call_.AwaitPosition(timeout, cancel);
  if (wait != CallWait::kDone) {
    return Failed(wait, cancel);
  }
  return call_.position();
}

Status GrpcUploadStream::Send(const rpc::UploadMessage& message, const CancelToken& cancel) {
  if (end_) {
    return *end_;
  }
  if (const auto* numbered = std::get_if<rpc::NumberedEvent>(&message)) {
    last_is_run_end_ = std::holds_alternative<rpc::RunEnd>(numbered->event);
  }
  grpc::ByteBuffer bytes = rpc::ToByteBuffer(message);
  // Also a cancelled run ends in order: what was begun is sent, but with less patience.
  const CallWait wait = call_.AwaitWritable(options_.stall_timeout, cancel, options_.cancel_grace);
  if (wait != CallWait::kDone) {
    return Failed(wait, cancel);
  }
  call_.Write(std::move(bytes));
  return OkStatus();
}

Status GrpcUploadStream::AwaitCommit(uint64_t sequence, const CancelToken& cancel) {
  if (end_) {
    return *end_;
  }
  const CallWait wait = call_.AwaitSequence(sequence, options_.stall_timeout, cancel);
  if (wait == CallWait::kDone && call_.position().sequence > sequence) {
    call_.Break();
    return rpc::ProtocolError("upload",
                              "the server commits event " +
                                  std::to_string(call_.position().sequence) + ", but only " +
                                  std::to_string(sequence) + " were sent");
  }
  if (wait == CallWait::kDone) {
    run_end_committed_ = last_is_run_end_;
    return OkStatus();
  }
  // A cancelled run still tells its end on this stream.
  return wait == CallWait::kCancelled ? cancel.status() : Failed(wait, cancel);
}

Status GrpcUploadStream::Failed(CallWait wait, const CancelToken& cancel) {
  if (wait == CallWait::kOver) {
    const Status status = End();
    return cancel.cancelled() ? cancel.status() : status;
  }
  call_.Break();
  static_cast<void>(call_.end());
  connection_.Drop(channel_);
  end_ = LinkBroken("nothing moved on the upload for too long");
  return cancel.cancelled() ? cancel.status() : *end_;
}

// Why the call is over; never OK, since it is asked only where something is missing.
Status GrpcUploadStream::End() {
  if (!end_) {
    end_ = FromLink(call_.end());
    if (end_->ok()) {
      end_ = LinkBroken("the server ended the upload too early");
    }
    if (IsLinkBroken(*end_)) {
      connection_.Drop(channel_);
    }
  }
  return *end_;
}

}  // namespace

GrpcUploadTransport::GrpcUploadTransport(BulkConnection& connection, GrpcUploadOptions options)
    : connection_(connection),
      options_(std::move(options)) {}

Result<OpenedUpload> GrpcUploadTransport::Open(const rpc::RunKey& key,
                                               std::chrono::milliseconds timeout,
                                               const CancelToken& cancel) {
  const ResumeWindow window(timeout);
  PLUMB_ASSIGN_OR_RETURN(auto channel, connection_.Connect(timeout, cancel));
  auto stream = std::make_unique<GrpcUploadStream>(connection_, std::move(channel), options_);
  PLUMB_ASSIGN_OR_RETURN(const rpc::UploadPosition position,
                         stream->Begin(key, window.left(), cancel));
  return OpenedUpload{std::move(stream), position};
}

}  // namespace plumb::agent
