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
#include "server/core/strand.h"
#include "server/rpc/peer_status.h"
#include "server/rpc/stream_guard.h"

namespace plumb::server {

// Owns itself from Adopt() until gRPC is done with the call; whoever else holds a shared pointer
// may keep calling it, to no effect. One read and one write are in flight at most, and at most
// kMaxOutgoing messages wait. A peer that does not say its first message within
// limits.first_message, or does not take one within limits.stall, is dropped.
template <class Request, class Response>
class StrandStream : public grpc::ServerBidiReactor<Request, Response> {
 public:
  static constexpr size_t kMaxOutgoing = 64;

  // `context` is gRPC's, of this call.
  StrandStream(Strand* strand, grpc::CallbackServerContext* context, const ServerLimits& limits)
      : strand_(strand),
        guard_(strand, context, limits) {}

  // Call once, right after construction. A refusal (`place` is an error) ends the stream with it.
  void Adopt(std::shared_ptr<StrandStream> self, const Result<StreamQuota::Place>& place) {
    self_ = std::move(self);
    strand_->Post([stream = self_, place] { stream->Begin(place); });
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
      self->guard_.WriteEnds();
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
    guard_.Forget();
    strand_->Post([self = std::exchange(self_, nullptr)] {
      self->done_ = true;
      self->guard_.Release();
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

  // On the strand: the peer has said its first message.
  void FirstMessageCame() { guard_.FirstMessageCame(); }

  [[nodiscard]] bool closing() const { return closing_.has_value() || done_; }

 private:
  void Begin(const Result<StreamQuota::Place>& place) {
    if (!place.ok()) {
      Close(place.status());
      return;
    }
    guard_.Hold(*place);
    guard_.AwaitFirstMessage([this](const Status& status) { Close(status); });
    ReadNext();
  }

  void WriteNext() {
    if (writing_ || finished_) {
      return;
    }
    if (closing_ && (!closing_->ok() || outgoing_.empty())) {
      finished_ = true;
      this->Finish(ToPeer(*closing_));
      return;
    }
    if (!outgoing_.empty()) {
      writing_ = true;
      writing_response_ = std::move(outgoing_.front());
      outgoing_.pop_front();
      guard_.WriteBegins();
      this->StartWrite(&writing_response_);
    }
  }

  Strand* strand_;
  StreamGuard guard_;
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
