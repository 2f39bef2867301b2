#include "server/rpc/upload_stream.h"

#include <utility>

#include "common/rpc/board_convert.h"
#include "common/rpc/byte_buffer.h"
#include "common/rpc/convert.h"

namespace plumb::server {

static_assert(UploadStream::kReadAhead <= RemoteRunner::kMaxPending);

UploadStream::UploadStream(const UploadPort& port,
                           grpc::CallbackServerContext* context,
                           const ServerLimits& limits,
                           uint64_t serial)
    : StrandStream(port.strand, context, limits),
      port_(port),
      serial_(serial),
      blocks_(rpc::kChunkSize, kReadAhead) {}

void UploadStream::OnRequest(grpc::ByteBuffer& request) {
  if (!runner_) {
    OnFirst(request);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    ++unanswered_;
  }
  auto message = rpc::UploadMessageFrom(request, blocks_);
  request.Clear();
  if (message.ok()) {
    runner_->Deliver(stream_,
                     std::move(message).value(),
                     [self = shared_from_this()](const RemoteRunner::Answer& answer) {
                       self->OnAnswer(answer);
                     });
  } else {
    // What cannot be read will not be better on another stream.
    runner_->Fail(message.status());
    OnAnswer({message.status(), {}, false, false});
  }
  {
    const std::lock_guard lock(mutex_);
    parked_ = unanswered_ >= kReadAhead;
    if (parked_ || ended_) {
      return;
    }
  }
  ReadNextNow();
}

void UploadStream::OnFirst(const grpc::ByteBuffer& bytes) {
  v1::UploadRequest request;
  const Status parsed = rpc::FromByteBuffer(bytes, request);
  auto begin = !parsed.ok()          ? Result<rpc::UploadBegin>(parsed)
               : request.has_begin() ? rpc::FromProto(request.begin())
                                     : Result<rpc::UploadBegin>(rpc::ProtocolError(
                                           "upload", "the first message must be begin"));
  strand()->Post([self = shared_from_this(), begin = std::move(begin)] { self->OnBegin(begin); });
}

void UploadStream::OnBegin(const Result<rpc::UploadBegin>& begin) {
  FirstMessageCame();
  if (!begin.ok()) {
    Close(begin.status());
    return;
  }
  auto runner = port_.open(*begin, serial_, [weak = weak_from_this()](const Status& why) {
    if (const auto self = weak.lock()) {
      self->Close(why);
    }
  });
  if (!runner.ok()) {
    Close(runner.status());
    return;
  }
  run_id_ = begin->key.run_id;
  runner_ = std::move(runner).value();
  stream_ = runner_->OpenStream([self = shared_from_this()](const RemoteRunner::Answer& answer) {
    self->strand()->Post([self, answer] { self->OnOpened(answer); });
  });
}

void UploadStream::OnOpened(const RemoteRunner::Answer& answer) {
  Acknowledge(answer);
  if (!closing()) {
    ReadNext();
  }
}

void UploadStream::OnAnswer(const RemoteRunner::Answer& answer) {
  const bool end = !answer.status.ok() || answer.finished;
  if (end || answer.acknowledge) {
    strand()->Post([self = shared_from_this(), answer] { self->Acknowledge(answer); });
  }
  NoteAnswered(end);
}

void UploadStream::NoteAnswered(bool end) {
  bool read = false;
  bool close = false;
  {
    const std::lock_guard lock(mutex_);
    ended_ = ended_ || end;
    --unanswered_;
    // Half-way down, so that reading goes on in strides.
    read = parked_ && !ended_ && unanswered_ <= kReadAhead / 2;
    parked_ = parked_ && !read;
    close = peer_done_ && unanswered_ == 0;
  }
  if (read) {
    strand()->Post([self = shared_from_this()] { self->ReadNext(); });
  }
  if (close) {
    CloseAfterAnswers();
  }
}

void UploadStream::Acknowledge(const RemoteRunner::Answer& answer) {
  if (!answer.status.ok()) {
    Close(answer.status);
    return;
  }
  if (answer.acknowledge) {
    Send(rpc::ToByteBuffer(rpc::ToProto(answer.position)));
  }
  if (answer.finished) {
    Close(OkStatus());
  }
}

// What came before its end is still answered.
void UploadStream::OnPeerDone() {
  {
    const std::lock_guard lock(mutex_);
    peer_done_ = true;
    if (unanswered_ > 0) {
      return;
    }
  }
  CloseAfterAnswers();
}

// Behind the answers, each of which was posted before it was counted: the last one may carry the
// error, or the acknowledgement the agent waits for.
void UploadStream::CloseAfterAnswers() {
  strand()->Post([self = shared_from_this()] { self->Close(OkStatus()); });
}

void UploadStream::OnClosed() {
  if (!run_id_.empty()) {
    port_.close(run_id_, serial_);
  }
}

}  // namespace plumb::server
