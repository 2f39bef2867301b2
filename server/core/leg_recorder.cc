#include "server/core/leg_recorder.h"

#include <algorithm>
#include <utility>

#include "server/core/valid_difference.h"

namespace plumb::server {
namespace {

// Outputs whose first difference is kept; more would not tell more.
constexpr size_t kMaxDifferences = 64;

}  // namespace

LegRecorder::LegRecorder(analysis::Role role,
                         archive::RecordingWriter* writer,
                         std::function<void()> on_change)
    : role_(role),
      writer_(writer),
      on_change_(std::move(on_change)) {
  writer_->NotifyCommits(on_change_);
}

Status LegRecorder::OnModel(const ModelInfo& info) {
  PLUMB_RETURN_IF_ERROR(writer_->OnModel(info));
  {
    const std::lock_guard lock(mutex_);
    model_ = info;
    for (const TensorDesc& desc : info.outputs) {
      const auto index = static_cast<uint32_t>(progress_.size());
      progress_.push_back({role_, index, 0, 0, desc.aligned_size});
    }
  }
  on_change_();
  return OkStatus();
}

Status LegRecorder::OnProbe(const std::vector<uint64_t>& valid_digests, bool input_was_zero) {
  evidence_.OnProbe(valid_digests, input_was_zero);
  return writer_->OnProbe(valid_digests, input_was_zero);
}

Status LegRecorder::OnInvoke(const InvokeInfo& info) {
  if (info.repetition == 0) {
    invoke_ms_ = info.invoke_ms;
    ipu_ = info.ipu;
    first_invoke_ = Clock::now();
    last_byte_ = first_invoke_;
  }
  return writer_->OnInvoke(info);
}

Result<uint64_t> LegRecorder::OnChunk(uint32_t repetition,
                                      uint32_t index,
                                      uint64_t offset,
                                      const Buffer& bytes) {
  if (repetition == 0) {
    last_byte_ = Clock::now();  // before the bytes can be seen: a verdict may follow at once
  }
  PLUMB_ASSIGN_OR_RETURN(const uint64_t next, writer_->OnChunk(repetition, index, offset, bytes));
  if (repetition > 0) {
    PLUMB_RETURN_IF_ERROR(FindDifference(repetition, index, offset, bytes));
  }
  NoteProgress(repetition, index, next);
  return next;
}

Result<uint64_t> LegRecorder::OnTensorEnd(const TensorEnd& end) {
  PLUMB_ASSIGN_OR_RETURN(const uint64_t next, writer_->OnTensorEnd(end));
  evidence_.OnTensorEnd(end);
  NoteProgress(end.repetition, end.index, next);
  on_change_();
  return next;
}

void LegRecorder::NoteProgress(uint32_t repetition, uint32_t index, uint64_t received) {
  const std::lock_guard lock(mutex_);
  if (index < progress_.size()) {
    progress_[index].repetition = repetition;
    progress_[index].received = received;
  }
}

Status LegRecorder::FindDifference(uint32_t repetition,
                                   uint32_t index,
                                   uint64_t offset,
                                   const Buffer& bytes) {
  const bool known = std::any_of(
      differences_.begin(), differences_.end(), [&](const RepeatDifference& difference) {
        return difference.index == index;
      });
  if (known || differences_.size() >= kMaxDifferences || index >= model_->outputs.size()) {
    return OkStatus();
  }
  std::vector<uint8_t> first(bytes.size());
  PLUMB_RETURN_IF_ERROR(writer_->Read(index, offset, first));
  PLUMB_ASSIGN_OR_RETURN(const auto element,
                         FirstValidDifference(model_->outputs[index], offset, first, bytes.span()));
  if (element) {
    differences_.push_back({index, repetition, *element});
  }
  return OkStatus();
}

std::optional<ModelInfo> LegRecorder::model() const {
  const std::lock_guard lock(mutex_);
  return model_;
}

std::vector<TensorBytes> LegRecorder::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

std::optional<double> LegRecorder::transfer_ms() const {
  if (!invoke_ms_ || last_byte_ < first_invoke_) {
    return std::nullopt;
  }
  return std::chrono::duration<double, std::milli>(last_byte_ - first_invoke_).count();
}

}  // namespace plumb::server
