// One BoardService.Upload call: gRPC's callbacks turned into waiting.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/client_callback.h>

#include "plumb/v1/board_service.grpc.pb.h"

#include "common/base/cancel.h"
#include "common/rpc/messages.h"

namespace plumb::agent {

// How a wait ended.
enum class CallWait {
  kDone,       // what was waited for has happened
  kOver,       // the call is over or about to be; end() says why
  kTimeout,    // it has not, in time; the call goes on
  kCancelled,  // it has not, and the run was cancelled
};

// One message is under way and the next one waits for it, which starts it without waking the
// caller; acknowledgements are read as they come, so that the server can always send them. Used by
// one thread. The destructor breaks off a call that was not ended.
class UploadCall final : private grpc::ClientBidiReactor<grpc::ByteBuffer, v1::UploadResponse> {
 public:
  using Clock = std::chrono::steady_clock;

  explicit UploadCall(std::shared_ptr<grpc::Channel> channel);
  UploadCall(const UploadCall&) = delete;
  UploadCall& operator=(const UploadCall&) = delete;
  ~UploadCall();

  // Until no message waits for the one under way; then Write may be called. A cancelled `cancel`
  // shortens the wait to `grace`.
  CallWait AwaitWritable(std::chrono::milliseconds timeout,
                         const CancelToken& cancel,
                         std::chrono::milliseconds grace);
  // Does not block: sends the message, or leaves it to wait for the one under way.
  void Write(grpc::ByteBuffer message);

  // Until the server has answered for the first time.
  CallWait AwaitPosition(std::chrono::milliseconds timeout, const CancelToken& cancel);
  // Until the server has committed the event `sequence`, the newest that was written.
  CallWait AwaitSequence(uint64_t sequence,
                         std::chrono::milliseconds timeout,
                         const CancelToken& cancel);
  // What the server told last.
  [[nodiscard]] rpc::UploadPosition position() const;

  // Nothing more will be written: half-closes and waits `patience` for the server's end.
  void Close(std::chrono::milliseconds patience);

  void Break() { context_.TryCancel(); }

  // The call's status; waits for it. To be asked only where the call is over, broken or closed.
  grpc::Status end();

 private:
  void OnWriteDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  template <class Predicate>
  CallWait Await(std::chrono::milliseconds timeout,
                 const CancelToken& cancel,
                 std::chrono::milliseconds grace,
                 const Predicate& happened);
  void LetGo();

  grpc::ClientContext context_;
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::TemplatedGenericStub<grpc::ByteBuffer, v1::UploadResponse> stub_;
  v1::UploadResponse response_;  // the reader's
  grpc::ByteBuffer message_;     // the writer's
  bool held_ = true;

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::optional<rpc::UploadPosition> position_;
  bool writing_ = false;
  std::optional<grpc::ByteBuffer> next_;  // while writing_
  bool over_ = false;
  std::optional<grpc::Status> status_;
};

}  // namespace plumb::agent
