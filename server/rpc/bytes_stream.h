// A server stream that sends a row of bytes in chunks.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"

namespace plumb::server {

// Owns itself until gRPC is done. Holds one chunk besides `bytes`, which may be a mapping; gRPC's
// flow control sets the pace.
template <class Response>
class BytesStream final : public grpc::ServerWriteReactor<Response> {
 public:
  // Puts `piece`, which begins at `offset` of the whole, into a response.
  using Fill = std::function<void(uint64_t offset, const Buffer& piece, Response* response)>;

  // Sends [offset, size) of `bytes`; or ends at once with the error.
  BytesStream(const Result<Buffer>& bytes, uint64_t offset, Fill fill)
      : bytes_(bytes.ok() ? *bytes : Buffer()),
        offset_(offset),
        fill_(std::move(fill)) {
    if (bytes.ok()) {
      SendNext();
    } else {
      this->Finish(rpc::ToGrpc(bytes.status()));
    }
  }

  void OnWriteDone(bool ok) override {
    if (ok) {
      SendNext();
    } else {
      this->Finish(grpc::Status::CANCELLED);
    }
  }

  void OnDone() override { delete this; }

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
    this->StartWrite(&response_);
  }

  const Buffer bytes_;
  uint64_t offset_;
  const Fill fill_;
  Response response_;
};

}  // namespace plumb::server
