// A bidirectional gRPC stream whose events all happen on the server's strand.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "common/base/status.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"
#include "server/core/strand.h"

namespace plumb::server {

// Owns itself from Adopt() until gRPC is done with the call; whoever else holds a shared pointer
// may keep calling it, to no effect. One read and one write are in flight at most, and at most
// kMaxOutgoing messages wait.
template <class Request, class Response>
class StrandStream : public grpc::ServerBidiReactor<Request, Response> {
 public:
  static constexpr size_t kMaxOutgoing = 64;

  explicit StrandStream(Strand* strand) : strand_(strand) {}

  // Call once, right after construction.
  void Adopt(std::shared_ptr<StrandStream> self) {
    self_ = std::move(self);
    ReadNext();
  }

  void OnReadDone(bool ok) final {
    if (ok) {
      OnRequest(request_);
    } else {
      strand_->Post([self = self_] { self->OnPeerDone(); });
    }
  }

  void OnWriteDone(bool ok) final {
    strand_->Post([self = self_, ok] {
      self->writing_ = false;
      if (!ok && !self->closing_) {
        self->closing_ = CancelledError("the stream broke");
      }
      self->WriteNext();
    });
  }

  void OnCancel() final {
    strand_->Post([self = self_] { self->Close(CancelledError("the stream broke")); });
  }

  void OnDone() final {
    strand_->Post([self = std::exchange(self_, nullptr)] {
      self->done_ = true;
      self->OnClosed();
    });
  }

 protected:
  // On a gRPC thread: take what is needed out of `request`, which is reused, and post it. The next
  // message is read after ReadNext().
  virtual void OnRequest(Request& request) = 0;
  // On the strand: the peer sends nothing more.
  virtual void OnPeerDone() = 0;
  // On the strand, once, as the last call.
  virtual void OnClosed() = 0;

  [[nodiscard]] Strand* strand() const { return strand_; }

  // From within OnRequest, as its last act: the next message is read without a detour.
  void ReadNextNow() { this->StartRead(&request_); }

  // On the strand. No more than one read at a time: only after the last one was dealt with.
  void ReadNext() {
    if (!finished_) {
      this->StartRead(&request_);
    }
  }

  // On the strand.
  void Send(Response response) {
    if (closing_ || done_) {
      return;
    }
    if (outgoing_.size() >= kMaxOutgoing) {
      Close(ResourceExhaustedError("the peer does not read what it is sent"));
      return;
    }
    outgoing_.push_back(std::move(response));
    WriteNext();
  }

  // On the strand. OK lets what waits be written first.
  void Close(const Status& status) {
    if (closing_) {
      return;
    }
    closing_ = status;
    WriteNext();
  }

  [[nodiscard]] bool closing() const { return closing_.has_value() || done_; }

 private:
  void WriteNext() {
    if (writing_ || finished_) {
      return;
    }
    if (closing_ && (!closing_->ok() || outgoing_.empty())) {
      finished_ = true;
      this->Finish(rpc::ToGrpc(*closing_));
      return;
    }
    if (!outgoing_.empty()) {
      writing_ = true;
      writing_response_ = std::move(outgoing_.front());
      outgoing_.pop_front();
      this->StartWrite(&writing_response_);
    }
  }

  Strand* strand_;
  std::shared_ptr<StrandStream> self_;
  Request request_;
  Response writing_response_;
  std::deque<Response> outgoing_;
  std::optional<Status> closing_;
  bool writing_ = false;
  bool finished_ = false;
  bool done_ = false;
};

}  // namespace plumb::server
