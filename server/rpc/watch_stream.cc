#include "server/rpc/watch_stream.h"

#include <utility>

#include "common/rpc/convert.h"
#include "common/rpc/status_bridge.h"
#include "server/rpc/peer_status.h"
#include "server/rpc/run_convert.h"

namespace plumb::server {

WatchStream::WatchStream(ServerCore* core,
                         grpc::CallbackServerContext* context,
                         const ServerLimits& limits,
                         std::string run_id)
    : core_(core),
      guard_(&core->strand(), context, limits),
      run_id_(std::move(run_id)) {}

void WatchStream::Adopt(std::shared_ptr<WatchStream> self,
                        const Result<StreamQuota::Place>& place) {
  self_ = std::move(self);
  core_->strand().Post([stream = self_, place] {
    const Status status = place.ok() ? rpc::CheckRunId(stream->run_id_) : place.status();
    stream->guard_.Hold(place.ok() ? *place : nullptr);
    if (status.ok()) {
      stream->Ask();
    } else {
      stream->Close(status);
    }
  });
}

void WatchStream::OnWriteDone(bool ok) {
  core_->strand().Post([self = self_, ok] {
    self->writing_ = false;
    self->guard_.WriteEnds();
    self->outgoing_.pop_front();
    if (!ok && !self->closing_) {
      self->closing_ = CancelledError("the stream broke");
    }
    self->WriteNext();
  });
}

void WatchStream::OnCancel() {
  core_->strand().Post([self = self_] { self->Close(CancelledError("the watcher left")); });
}

void WatchStream::OnDone() {
  guard_.Forget();
  // The strand may hold the last pointer.
  core_->strand().Post([self = std::exchange(self_, nullptr)] {
    self->guard_.Release();
    self->core_->runs().StopAwaiting(self->run_id_, self->ticket_);
  });
}

void WatchStream::Ask() {
  ticket_ = core_->runs().Await(
      run_id_, cursor_, [self = self_](const auto& update) { self->OnUpdate(update); });
}

void WatchStream::OnUpdate(const Result<RunJournal::Update>& update) {
  if (!update.ok()) {
    Close(update.status());
    return;
  }
  cursor_ = update->cursor;
  run_finished_ = update->finished;
  for (const JournalEvent& event : update->events) {
    v1::WatchRunResponse response;
    *response.mutable_event() = ToProto(event);
    outgoing_.push_back(std::move(response));
  }
  WriteNext();
}

void WatchStream::WriteNext() {
  if (writing_ || finished_) {
    return;
  }
  if (closing_ || (outgoing_.empty() && run_finished_)) {
    finished_ = true;
    Finish(closing_ ? ToPeer(*closing_) : grpc::Status::OK);
  } else if (outgoing_.empty()) {
    Ask();
  } else {
    writing_ = true;
    guard_.WriteBegins();
    StartWrite(&outgoing_.front());
  }
}

void WatchStream::Close(const Status& status) {
  if (!closing_) {
    closing_ = status;
    WriteNext();
  }
}

}  // namespace plumb::server
