#include "agent/link/grpc_upload.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include "plumb/v1/board_service.grpc.pb.h"

#include "agent/core/retry.h"
#include "agent/link/guarded_call.h"
#include "agent/link/link_status.h"
#include "common/rpc/board_convert.h"

namespace plumb::agent {
namespace {

// A thread of its own reads the acknowledgements, so that the server can always send them.
class GrpcUploadStream final : public UploadStream {
 public:
  GrpcUploadStream(BulkConnection& connection,
                   std::shared_ptr<grpc::Channel> channel,
                   Watchdog& watchdog,
                   const GrpcUploadOptions& options)
      : connection_(connection),
        channel_(std::move(channel)),
        watchdog_(watchdog),
        options_(options),
        call_(watchdog, context_),
        stub_(v1::BoardService::NewStub(channel_)),
        stream_(stub_->Upload(&context_)) {}

  ~GrpcUploadStream() override;

  Result<rpc::UploadPosition> Begin(const rpc::RunKey& key,
                                    std::chrono::milliseconds timeout,
                                    const CancelToken& cancel);
  Status Send(const rpc::UploadMessage& message, const CancelToken& cancel) override;
  Status AwaitCommit(uint64_t sequence, const CancelToken& cancel) override;

 private:
  void ReadAcknowledgements();
  Status Write(const v1::UploadRequest& request,
               std::chrono::milliseconds timeout,
               const CancelToken& cancel);
  Status End();

  BulkConnection& connection_;
  const std::shared_ptr<grpc::Channel> channel_;
  Watchdog& watchdog_;
  const GrpcUploadOptions& options_;
  grpc::ClientContext context_;
  GuardedCall call_;
  std::unique_ptr<v1::BoardService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::UploadRequest, v1::UploadResponse>> stream_;
  std::thread reader_;
  bool last_is_run_end_ = false;
  bool run_end_committed_ = false;
  std::optional<Status> end_;  // of the call, once it was asked for

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  rpc::UploadPosition position_;
  bool over_ = false;  // no acknowledgement will come any more
};

GrpcUploadStream::~GrpcUploadStream() {
  if (end_) {
    return;
  }
  const auto guard = call_.Watch(options_.cancel_grace);
  if (run_end_committed_) {
    stream_->WritesDone();
  } else {
    context_.TryCancel();
  }
  static_cast<void>(End());
}

Result<rpc::UploadPosition> GrpcUploadStream::Begin(const rpc::RunKey& key,
                                                    std::chrono::milliseconds timeout,
                                                    const CancelToken& cancel) {
  const auto registration = cancel.OnCancel([this] { context_.TryCancel(); });
  const auto guard = call_.Watch(timeout);
  v1::UploadRequest request;
  *request.mutable_begin() = rpc::ToProto(rpc::UploadBegin{options_.instance_id, key});
  v1::UploadResponse response;
  if (!stream_->Write(request) || !stream_->Read(&response)) {
    const Status status = End();
    return cancel.cancelled() ? cancel.status() : status;
  }
  position_ = rpc::FromProto(response);
  reader_ = std::thread([this] { ReadAcknowledgements(); });
  return position_;
}

void GrpcUploadStream::ReadAcknowledgements() {
  v1::UploadResponse response;
  while (stream_->Read(&response)) {
    const std::lock_guard lock(mutex_);
    position_ = rpc::FromProto(response);
    changed_.notify_all();
  }
  const std::lock_guard lock(mutex_);
  over_ = true;
  changed_.notify_all();
}

Status GrpcUploadStream::Send(const rpc::UploadMessage& message, const CancelToken& cancel) {
  if (const auto* numbered = std::get_if<rpc::NumberedEvent>(&message)) {
    last_is_run_end_ = std::holds_alternative<rpc::RunEnd>(numbered->event);
  }
  const v1::UploadRequest request =
      std::visit([](const auto& part) { return rpc::ToProto(part); }, message);
  return Write(request, options_.stall_timeout, cancel);
}

Status GrpcUploadStream::Write(const v1::UploadRequest& request,
                               std::chrono::milliseconds timeout,
                               const CancelToken& cancel) {
  // Also a cancelled run ends in order: what was begun is sent, but with less patience.
  Watchdog::Guard grace;
  const auto registration =
      cancel.OnCancel([this, &grace] { grace = call_.Watch(options_.cancel_grace); });
  const auto guard = call_.Watch(timeout);
  if (end_ || !stream_->Write(request)) {
    const Status status = End();
    return cancel.cancelled() ? cancel.status() : status;
  }
  return OkStatus();
}

Status GrpcUploadStream::AwaitCommit(uint64_t sequence, const CancelToken& cancel) {
  const auto registration = cancel.OnCancel([this] {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  const bool told = changed_.wait_for(lock, options_.stall_timeout, [&] {
    return position_.sequence >= sequence || over_ || cancel.cancelled();
  });
  if (position_.sequence >= sequence) {
    run_end_committed_ = last_is_run_end_;
    return OkStatus();
  }
  if (cancel.cancelled()) {
    return cancel.status();
  }
  lock.unlock();
  if (!told) {
    context_.TryCancel();
    connection_.Drop(channel_);
    return LinkBroken("no commit came for " + std::to_string(options_.stall_timeout.count()) +
                      " ms");
  }
  return End();
}

// Why the call is over; never OK, since it is asked only where something is missing.
Status GrpcUploadStream::End() {
  if (!end_) {
    if (reader_.joinable()) {
      reader_.join();
    }
    end_ = FromLink(stream_->Finish());
    if (call_.stalled()) {
      end_ = LinkBroken("nothing moved on the upload for too long");
    } else if (end_->ok()) {
      end_ = LinkBroken("the server ended the upload too early");
    }
    if (IsLinkBroken(*end_)) {
      connection_.Drop(channel_);
    }
  }
  return *end_;
}

}  // namespace

GrpcUploadTransport::GrpcUploadTransport(BulkConnection& connection,
                                         Watchdog& watchdog,
                                         GrpcUploadOptions options)
    : connection_(connection),
      watchdog_(watchdog),
      options_(std::move(options)) {}

Result<OpenedUpload> GrpcUploadTransport::Open(const rpc::RunKey& key,
                                               std::chrono::milliseconds timeout,
                                               const CancelToken& cancel) {
  const ResumeWindow window(timeout);
  PLUMB_ASSIGN_OR_RETURN(auto channel, connection_.Connect(timeout, cancel));
  auto stream =
      std::make_unique<GrpcUploadStream>(connection_, std::move(channel), watchdog_, options_);
  PLUMB_ASSIGN_OR_RETURN(const rpc::UploadPosition position,
                         stream->Begin(key, window.left(), cancel));
  return OpenedUpload{std::move(stream), position};
}

}  // namespace plumb::agent
