// A server stream that sends a row of bytes in chunks.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "common/base/buffer.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/rpc/limits.h"
#include "server/rpc/peer_status.h"
#include "server/rpc/progress_watch.h"
#include "server/rpc/stream_quota.h"

namespace plumb::server {

// What all of these streams need of the server.
struct BytesStreamPort {
  Strand* strand;
  ServerLimits limits;
  grpc::CallbackServerContext* context;  // of this call
  StreamQuota::Place place;
};

// Owns itself until gRPC is done. Holds one chunk besides `bytes`, which may be a mapping; gRPC's
// flow control sets the pace. A reader that hardly reads is broken off: it sees CANCELLED, because
// a status would wait behind the bytes it does not take.
template <class Response>
class BytesStream final : public grpc::ServerWriteReactor<Response> {
 public:
  // Puts `piece`, which begins at `offset` of the whole, into a response.
  using Fill = std::function<void(uint64_t offset, const Buffer& piece, Response* response)>;

  // Sends [offset, size) of `bytes`; or ends at once with the error.
  BytesStream(BytesStreamPort port, const Result<Buffer>& bytes, uint64_t offset, Fill fill)
      : bytes_(bytes.ok() ? *bytes : Buffer()),
        offset_(offset),
        fill_(std::move(fill)),
        place_(std::move(port.place)),
        watch_(port.strand,
               port.limits,
               "the reader of a file",
               [context = port.context](const Status& status) {
                 LogPeer(LogLevel::kWarning, status.ToString());
                 context->TryCancel();
               }) {
    if (bytes.ok()) {
      SendNext();
    } else {
      this->Finish(ToPeer(bytes.status()));
    }
  }

  void OnWriteDone(bool ok) override {
    if (ok) {
      watch_.Advance(sending_);
      SendNext();
    } else {
      this->Finish(grpc::Status::CANCELLED);
    }
  }

  void OnDone() override {
    watch_.Stop();  // after this gRPC's context is gone
    delete this;
  }

 private:
  void SendNext() {
    if (offset_ >= bytes_.size()) {
      this->Finish(grpc::Status::OK);
      return;
    }
    const Buffer piece = bytes_.Slice(offset_, rpc::kChunkSize);
    response_.Clear();
    fill_(offset_, piece, &response_);
    offset_ += piece.size();
    sending_ = piece.size();
    this->StartWrite(&response_);
  }

  const Buffer bytes_;
  uint64_t offset_;
  const Fill fill_;
  const StreamQuota::Place place_;
  Response response_;
  uint64_t sending_ = 0;
  ProgressWatch watch_;
};

}  // namespace plumb::server
