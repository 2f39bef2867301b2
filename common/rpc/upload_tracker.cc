#include "common/rpc/upload_tracker.h"

#include <string>

#include "common/base/checked.h"
#include "common/rpc/limits.h"
#include "common/rpc/protocol_error.h"

namespace plumb::rpc {

Result<bool> UploadTracker::Check(const UploadMessage& message) const {
  if (const auto* chunk = std::get_if<TensorChunk>(&message)) {
    PLUMB_RETURN_IF_ERROR(CheckChunk(*chunk));
    return true;
  }
  const auto& numbered = std::get<NumberedEvent>(message);
  if (numbered.sequence <= position_.sequence) {
    return false;
  }
  if (numbered.sequence != position_.sequence + 1) {
    return ProtocolError("upload.sequence",
                         "event " + std::to_string(numbered.sequence) + " where " +
                             std::to_string(position_.sequence + 1) + " comes next");
  }
  PLUMB_RETURN_IF_ERROR(CheckEvent(numbered.event));
  return true;
}

Status UploadTracker::CheckEvent(const UploadEvent& event) const {
  if (finished_) {
    return ProtocolError("upload", "an event after run_end");
  }
  if (const auto* end = std::get_if<RunEnd>(&event)) {
    return CheckRunEnd(*end);
  }
  if (const auto* input = std::get_if<InputChunk>(&event)) {
    return CheckInput(*input);
  }
  if (input_ < expectation_.input_limits.size()) {
    return ProtocolError("upload", "an event before the inputs that were asked for");
  }
  if (std::holds_alternative<ModelInfo>(event)) {
    return model_ ? ProtocolError("upload.model", "was sent before") : OkStatus();
  }
  if (!model_) {
    return ProtocolError("upload", "an event before the model");
  }
  if (const auto* probe = std::get_if<ProbeResult>(&event)) {
    return CheckProbe(*probe);
  }
  if (const auto* invoke = std::get_if<InvokeInfo>(&event)) {
    return CheckInvoke(*invoke);
  }
  return CheckTensorEnd(std::get<UploadedTensorEnd>(event));
}

Status UploadTracker::CheckInput(const InputChunk& input) const {
  if (input.index != input_ || input_ >= expectation_.input_limits.size()) {
    return ProtocolError(
        "input.index",
        "input " + std::to_string(input.index) + " was not asked for, or does not come next");
  }
  if (input.offset != input_offset_ || (input_offset_ > 0 && input.total_size != input_size_)) {
    return ProtocolError("input", "a piece does not go on where the last one ended");
  }
  if (input.total_size > expectation_.input_limits[input_]) {
    return ProtocolError("input.total_size",
                         std::to_string(input.total_size) + " bytes; at most " +
                             std::to_string(expectation_.input_limits[input_]) + " are taken");
  }
  return !input.bytes.empty() &&
                 RangeFits<uint64_t>(input.offset, input.bytes.size(), input.total_size)
             ? OkStatus()
             : ProtocolError("input", "a piece is empty or goes past the end");
}

Status UploadTracker::CheckProbe(const ProbeResult& probe) const {
  if (!expectation_.probe || probed_ || invoked_ || repetition_ != 0) {
    return ProtocolError("upload.probe", "was not asked for, or comes too late");
  }
  if (probe.valid_digests.size() != model_->outputs.size()) {
    return ProtocolError("probe.valid_digests",
                         std::to_string(probe.valid_digests.size()) + " for " +
                             std::to_string(model_->outputs.size()) + " outputs");
  }
  return OkStatus();
}

Status UploadTracker::CheckInvoke(const InvokeInfo& invoke) const {
  if (expectation_.probe && !probed_) {
    return ProtocolError("upload.invoke", "comes before the probe that was asked for");
  }
  if (invoked_ || repetition_ >= expectation_.repetitions || invoke.repetition != repetition_) {
    return ProtocolError("invoke.repetition",
                         std::to_string(invoke.repetition) + " is not the one that comes next");
  }
  return OkStatus();
}

Status UploadTracker::CheckPlace(uint32_t repetition, uint32_t index) const {
  if (!model_ || !invoked_) {
    return ProtocolError("upload", "an output before its Invoke");
  }
  if (repetition != repetition_ || index != index_) {
    return ProtocolError("upload",
                         "output " + std::to_string(index) + " of repetition " +
                             std::to_string(repetition) + " where output " +
                             std::to_string(index_) + " of " + std::to_string(repetition_) +
                             " comes next");
  }
  return OkStatus();
}

Status UploadTracker::CheckTensorEnd(const UploadedTensorEnd& tensor) const {
  PLUMB_RETURN_IF_ERROR(CheckPlace(tensor.end.repetition, tensor.end.index));
  const TensorDesc& desc = model_->outputs.at(index_);
  const bool repeats = repetition_ > 0 && tensor.byte_size == 0 &&
                       tensor.end.valid_digest == first_digests_.at(index_);
  if (tensor.byte_size != position_.offset || (!repeats && tensor.byte_size != desc.aligned_size)) {
    return ProtocolError("tensor_end.byte_size",
                         std::to_string(tensor.byte_size) + " bytes are told, " +
                             std::to_string(position_.offset) + " arrived, " +
                             std::to_string(desc.aligned_size) + " make output " +
                             std::to_string(index_));
  }
  const auto region = ValidRegionOf(desc);
  if (!region.ok() || tensor.end.canary_size > region->valid_size()) {
    return ProtocolError("tensor_end.canary_size", "more than the output holds");
  }
  return OkStatus();
}

Status UploadTracker::CheckRunEnd(const RunEnd& end) const {
  if (end.status.ok() && !all_sent()) {
    return ProtocolError("run_end", "tells success before every output was sent");
  }
  return OkStatus();
}

Status UploadTracker::CheckChunk(const TensorChunk& chunk) const {
  if (finished_) {
    return ProtocolError("upload", "a chunk after run_end");
  }
  PLUMB_RETURN_IF_ERROR(CheckPlace(chunk.repetition, chunk.index));
  const uint64_t total = model_->outputs.at(index_).aligned_size;
  if (chunk.offset != position_.offset) {
    return ProtocolError("chunk.offset",
                         std::to_string(chunk.offset) + " where " +
                             std::to_string(position_.offset) + " comes next");
  }
  if (!RangeFits<uint64_t>(chunk.offset, chunk.bytes.size(), total)) {
    return ProtocolError("chunk", "goes past the output's end at " + std::to_string(total));
  }
  return OkStatus();
}

bool UploadTracker::all_sent() const {
  return model_ && !invoked_ && repetition_ == expectation_.repetitions;
}

void UploadTracker::Commit(const UploadMessage& message) {
  if (const auto* chunk = std::get_if<TensorChunk>(&message)) {
    position_.offset += chunk->bytes.size();
    unacked_ += chunk->bytes.size();
    return;
  }
  const auto& numbered = std::get<NumberedEvent>(message);
  position_ = {numbered.sequence, 0};
  CommitEvent(numbered.event);
}

void UploadTracker::CommitEvent(const UploadEvent& event) {
  if (const auto* model = std::get_if<ModelInfo>(&event)) {
    model_ = *model;
  } else if (const auto* input = std::get_if<InputChunk>(&event)) {
    CommitInput(*input);
  } else if (std::holds_alternative<ProbeResult>(event)) {
    probed_ = true;
  } else if (std::holds_alternative<InvokeInfo>(event)) {
    invoked_ = true;
  } else if (const auto* tensor = std::get_if<UploadedTensorEnd>(&event)) {
    if (repetition_ == 0) {
      first_digests_.push_back(tensor->end.valid_digest);
    }
    ack_due_ = true;
    if (++index_ == model_->outputs.size()) {
      index_ = 0;
      invoked_ = false;
      ++repetition_;
    }
  } else {
    finished_ = true;
    ack_due_ = true;
  }
}

void UploadTracker::CommitInput(const InputChunk& input) {
  unacked_ += input.bytes.size();
  input_size_ = input.total_size;
  input_offset_ += input.bytes.size();
  if (input.last()) {
    input_offset_ = 0;
    ++input_;
    ack_due_ = true;
  }
}

void UploadTracker::AckSent() {
  ack_due_ = false;
  unacked_ = 0;
}

}  // namespace plumb::rpc
