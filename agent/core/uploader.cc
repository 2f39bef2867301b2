#include "agent/core/uploader.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <variant>

#include "agent/core/retry.h"
#include "common/rpc/limits.h"
#include "common/runner/failure.h"

namespace plumb::agent {
namespace {

Status BadPosition(const std::string& what) {
  return InvalidArgumentError("the server stands where this run never was: " + what)
      .WithReason(kReasonProtocol);
}

bool IsTensorEnd(const rpc::NumberedEvent& event) {
  return std::holds_alternative<rpc::UploadedTensorEnd>(event.event);
}

}  // namespace

Uploader::Uploader(UploadTransport& transport,
                   rpc::RunKey key,
                   const UploaderOptions& options,
                   CancelToken cancel)
    : transport_(transport),
      key_(std::move(key)),
      options_(options),
      cancel_(std::move(cancel)) {}

Status Uploader::OnModel(const ModelInfo& info) {
  for (const TensorDesc& output : info.outputs) {
    output_sizes_.push_back(output.aligned_size);
  }
  return SendEvent(info);
}

Status Uploader::OnProbe(const std::vector<uint64_t>& valid_digests, bool input_was_zero) {
  return SendEvent(rpc::ProbeResult{valid_digests, input_was_zero});
}

Status Uploader::OnInvoke(const InvokeInfo& info) {
  offset_ = 0;
  return SendEvent(info);
}

Result<uint64_t> Uploader::OnChunk(uint32_t repetition,
                                   uint32_t index,
                                   uint64_t offset,
                                   const Buffer& bytes) {
  PLUMB_RETURN_IF_ERROR(final_);
  PLUMB_RETURN_IF_ERROR(cancel_.status());
  if (offset != offset_) {
    return InternalError("the runner gave bytes from " + std::to_string(offset) + " where " +
                         std::to_string(offset_) + " was wanted");
  }
  // A write that fails may have arrived all the same.
  offset_ += bytes.size();
  PLUMB_RETURN_IF_ERROR(Send(rpc::TensorChunk{repetition, index, offset, bytes}));
  return offset_;
}

Result<uint64_t> Uploader::OnTensorEnd(const TensorEnd& end) {
  if (end.index >= output_sizes_.size()) {
    return InternalError("the runner ended output " + std::to_string(end.index) + " of " +
                         std::to_string(output_sizes_.size()));
  }
  const uint64_t number = sequence_ + 1;
  PLUMB_RETURN_IF_ERROR(SendEvent(rpc::UploadedTensorEnd{end, offset_}));
  PLUMB_RETURN_IF_ERROR(CommitAll());
  if (sequence_ < number) {
    return offset_;  // withdrawn: bytes before it were lost
  }
  offset_ = 0;
  return output_sizes_[end.index];
}

Status Uploader::OnInput(const rpc::InputChunk& input) {
  input_bytes_ += input.bytes.size();
  PLUMB_RETURN_IF_ERROR(SendEvent(input));
  // The server acknowledges at these very places.
  if (input.last() || input_bytes_ >= rpc::kAckInterval) {
    return CommitAll();
  }
  return OkStatus();
}

Status Uploader::Finish(const Status& run_status, const CancelToken& abandon) {
  cancel_ = abandon;
  PLUMB_RETURN_IF_ERROR(SendEvent(rpc::RunEnd{run_status}));
  return CommitAll();
}

Status Uploader::SendEvent(rpc::UploadEvent event) {
  PLUMB_RETURN_IF_ERROR(final_);
  pending_.push_back({++sequence_, std::move(event)});
  return Send(pending_.back());
}

// OK also when the message was lost with its stream and the new one has been set right: then events
// are underway again and offset_ says which bytes are wanted.
Status Uploader::Send(const rpc::UploadMessage& message) {
  if (stream_ == nullptr) {
    return Resume();
  }
  const Status status = stream_->Send(message, cancel_);
  if (IsLinkBroken(status)) {
    return Resume();
  }
  return Remember(status);
}

// Waits until nothing is pending.
Status Uploader::CommitAll() {
  while (!pending_.empty()) {
    const Status status = stream_->AwaitCommit(sequence_, cancel_);
    if (status.ok()) {
      pending_.clear();
      input_bytes_ = 0;
    } else if (IsLinkBroken(status)) {
      PLUMB_RETURN_IF_ERROR(Resume());
    } else {
      return Remember(status);
    }
  }
  return OkStatus();
}

Status Uploader::Resume() {
  stream_.reset();
  const ResumeWindow window(options_.resume_window);
  for (;;) {
    auto opened = transport_.Open(key_, window.left(), cancel_);
    Status status = opened.ok() ? Adopt(std::move(opened).value()) : opened.status();
    if (status.ok()) {
      return status;
    }
    stream_.reset();
    if (!IsLinkBroken(status)) {
      return Remember(status);
    }
    if (window.left().count() == 0) {
      return Remember(UnavailableError("the upload to the server stayed broken for " +
                                       std::to_string(window.length().count()) +
                                       " ms: " + status.message())
                          .WithReason(kReasonAgentLost));
    }
    if (cancel_.WaitFor(std::min(options_.retry_pause, window.left()))) {
      return cancel_.status();
    }
  }
}

// Takes over a stream: forgets what the server has, sends again what it has not.
Status Uploader::Adopt(OpenedUpload opened) {
  stream_ = std::move(opened.stream);
  PLUMB_RETURN_IF_ERROR(Align(opened.position));
  for (const rpc::NumberedEvent& event : pending_) {
    PLUMB_RETURN_IF_ERROR(stream_->Send(event, cancel_));
  }
  return OkStatus();
}

Status Uploader::Align(const rpc::UploadPosition& position) {
  const uint64_t committed = sequence_ - pending_.size();
  if (position.sequence < committed || position.sequence > sequence_) {
    return BadPosition("event " + std::to_string(position.sequence) + " of " +
                       std::to_string(sequence_));
  }
  while (!pending_.empty() && pending_.front().sequence <= position.sequence) {
    if (IsTensorEnd(pending_.front())) {
      offset_ = 0;
    }
    if (const auto* input = std::get_if<rpc::InputChunk>(&pending_.front().event)) {
      input_bytes_ -= input->bytes.size();
    }
    pending_.pop_front();
  }
  if (position.offset > offset_) {
    return BadPosition("byte " + std::to_string(position.offset) + " of " +
                       std::to_string(offset_));
  }
  if (position.offset < offset_) {
    WithdrawTensorEnd();
    offset_ = position.offset;
  }
  return OkStatus();
}

// The end of an output whose bytes have to be sent again is told again afterwards.
void Uploader::WithdrawTensorEnd() {
  const auto end = std::find_if(pending_.begin(), pending_.end(), IsTensorEnd);
  if (end == pending_.end()) {
    return;
  }
  for (auto later = std::next(end); later != pending_.end(); ++later) {
    --later->sequence;
  }
  pending_.erase(end);
  --sequence_;
}

// Keeps what cannot be mended, so that nothing is tried after it; cancellation is not that.
Status Uploader::Remember(Status status) {
  if (!status.ok() && !cancel_.cancelled()) {
    final_ = status;
    stream_.reset();
  }
  return status;
}

}  // namespace plumb::agent
