#include "server/rpc/upload_stream.h"

#include <utility>

#include "common/rpc/board_convert.h"
#include "common/rpc/convert.h"

namespace plumb::server {

UploadStream::UploadStream(ServerCore* core, uint64_t serial)
    : StrandStream(&core->strand()),
      core_(core),
      serial_(serial) {}

void UploadStream::OnRequest(v1::UploadRequest& request) {
  if (!runner_) {
    auto begin = request.has_begin() ? rpc::FromProto(request.begin())
                                     : Result<rpc::UploadBegin>(rpc::ProtocolError(
                                           "upload", "the first message must be begin"));
    strand()->Post([self = shared_from_this(), begin = std::move(begin)] { self->OnBegin(begin); });
    return;
  }
  auto message = rpc::TakeUploadMessage(request);
  if (message.ok()) {
    runner_->Deliver(stream_, std::move(message).value(), AnswerOnStrand());
  } else {
    // What cannot be read will not be better on another stream.
    runner_->Fail(message.status());
    AnswerOnStrand()({message.status(), {}, false, false});
  }
}

RemoteRunner::Reply UploadStream::AnswerOnStrand() {
  return [self = shared_from_this()](const RemoteRunner::Answer& answer) {
    self->strand()->Post([self, answer] { self->OnAnswer(answer); });
  };
}

void UploadStream::OnBegin(const Result<rpc::UploadBegin>& begin) {
  if (!begin.ok()) {
    Close(begin.status());
    return;
  }
  auto runner =
      core_->runs().OpenUpload(begin->instance_id, begin->key, serial_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
          self->Close(AbortedError("a newer upload stream has taken over"));
        }
      });
  if (!runner.ok()) {
    Close(runner.status());
    return;
  }
  run_id_ = begin->key.run_id;
  runner_ = std::move(runner).value();
  stream_ = runner_->OpenStream(AnswerOnStrand());
}

void UploadStream::OnAnswer(const RemoteRunner::Answer& answer) {
  if (!answer.status.ok()) {
    Close(answer.status);
    return;
  }
  if (answer.acknowledge) {
    v1::UploadResponse response = rpc::ToProto(answer.position);
    Send(std::move(response));
  }
  if (answer.finished) {
    Close(OkStatus());
    return;
  }
  if (!closing()) {
    ReadNext();
  }
}

void UploadStream::OnPeerDone() {
  Close(OkStatus());
}

void UploadStream::OnClosed() {
  if (!run_id_.empty()) {
    core_->runs().CloseUpload(run_id_, serial_);
  }
}

}  // namespace plumb::server
