#include "common/archive/recorded_runner.h"

#include <algorithm>
#include <utility>

#include "common/analysis/report.h"
#include "common/archive/run_folder.h"
#include "common/archive/tensor_folder.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::archive {
namespace {

constexpr size_t kChunkSize = size_t{256} << 10;

bool Contradicts(const std::string& recorded, const std::string& wanted) {
  return !recorded.empty() && !wanted.empty() && recorded != wanted;
}

Status CheckSpec(const RecordingIdentity& identity, const RunSpec& spec) {
  if (Contradicts(identity.model_sha256, spec.model.sha256)) {
    return FailedPreconditionError("the recording is of another model (" + identity.model_sha256 +
                                   ")")
        .WithReason(kReasonWrongModel)
        .WithHint("record the reference again with this model");
  }
  const auto& recorded = identity.input_sha256;
  bool same = spec.inputs.empty() || recorded.empty() || spec.inputs.size() == recorded.size();
  for (size_t i = 0; same && i < std::min(spec.inputs.size(), recorded.size()); ++i) {
    same = !Contradicts(recorded[i], spec.inputs[i].sha256);
  }
  if (!same) {
    return FailedPreconditionError("the recording is of another input")
        .WithReason(kReasonWrongInput)
        .WithHint("record the reference again with this input");
  }
  return OkStatus();
}

// One output of repetition 0, again from wherever the sink wants to go on.
Status ReplayOutput(const Buffer& bytes,
                    const TensorEnd& end,
                    TensorSink& sink,
                    const CancelToken& cancel) {
  uint64_t offset = 0;
  for (;;) {
    while (offset < bytes.size()) {
      PLUMB_RETURN_IF_ERROR(cancel.status());
      PLUMB_ASSIGN_OR_RETURN(offset,
                             sink.OnChunk(0, end.index, offset, bytes.Slice(offset, kChunkSize)));
    }
    PLUMB_ASSIGN_OR_RETURN(offset, sink.OnTensorEnd(end));
    if (offset >= bytes.size()) {
      return OkStatus();
    }
  }
}

uint64_t DigestOf(const Recording& recording, uint32_t repetition, uint32_t index) {
  for (const auto& end : recording.differing) {
    if (end.repetition == repetition && end.index == index) {
      return end.valid_digest;
    }
  }
  return recording.outputs.at(index).valid_digest;
}

Status ReplayRepetition(const OpenRecording& open,
                        uint32_t repetition,
                        TensorSink& sink,
                        const CancelToken& cancel) {
  const Recording& recording = open.recording;
  const auto& times = recording.invoke_ms;
  PLUMB_RETURN_IF_ERROR(
      sink.OnInvoke({repetition, repetition < times.size() ? times[repetition] : 0}));
  for (uint32_t index = 0; index < open.outputs.size(); ++index) {
    PLUMB_RETURN_IF_ERROR(cancel.status());
    const TensorEnd end{repetition,
                        index,
                        DigestOf(recording, repetition, index),
                        recording.outputs[index].canary_size};
    if (repetition == 0) {
      PLUMB_RETURN_IF_ERROR(ReplayOutput(open.outputs[index].bytes, end, sink, cancel));
    } else {
      PLUMB_ASSIGN_OR_RETURN([[maybe_unused]] const uint64_t next, sink.OnTensorEnd(end));
    }
  }
  return OkStatus();
}

}  // namespace

RecordedRunner::RecordedRunner(std::filesystem::path folder, OpenRecording recording)
    : folder_(std::move(folder)),
      recording_(std::move(recording)) {}

Result<std::unique_ptr<RecordedRunner>> RecordedRunner::Open(const std::filesystem::path& path) {
  if (IsTensorFolder(path)) {
    PLUMB_ASSIGN_OR_RETURN(auto tensors, OpenTensorFolder(path));
    return std::unique_ptr<RecordedRunner>(new RecordedRunner(path, std::move(tensors)));
  }
  PLUMB_ASSIGN_OR_RETURN(auto folder, FindLeg(path, analysis::Role::kReference));
  PLUMB_ASSIGN_OR_RETURN(auto recording, ReadRecording(folder));
  return std::unique_ptr<RecordedRunner>(
      new RecordedRunner(std::move(folder), std::move(recording)));
}

Status RecordedRunner::DemandSame(const RunSpec& spec) const {
  const RecordingIdentity& identity = recording_.recording.identity;
  if (identity.model_sha256.empty() || identity.input_sha256.size() != spec.inputs.size()) {
    const bool model = identity.model_sha256.empty();
    return FailedPreconditionError(
               model ? "the recording does not say which model it is of"
                     : "the recording is of " + std::to_string(identity.input_sha256.size()) +
                           " inputs, the run has " + std::to_string(spec.inputs.size()))
        .WithReason(model ? kReasonWrongModel : kReasonWrongInput)
        .WithHint("record the reference again with this model and input");
  }
  PLUMB_RETURN_IF_ERROR(CheckSpec(identity, spec));
  for (const std::string& digest : identity.input_sha256) {
    if (digest.empty()) {
      return FailedPreconditionError("the recording does not say which input it is of")
          .WithReason(kReasonWrongInput)
          .WithHint("record the reference again with this input");
    }
  }
  return OkStatus();
}

std::string RecordedRunner::name() const {
  return "recording " + EscapeForDisplay(folder_.string());
}

Status RecordedRunner::Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) {
  PLUMB_RETURN_IF_ERROR(cancel.status());
  PLUMB_RETURN_IF_ERROR(CheckSpec(recording_.recording.identity, spec));
  PLUMB_RETURN_IF_ERROR(sink.OnModel(recording_.recording.model));
  if (spec.probe && recording_.recording.probe_digests) {
    PLUMB_RETURN_IF_ERROR(sink.OnProbe(*recording_.recording.probe_digests,
                                       recording_.recording.probe_input_was_zero));
  }
  for (uint32_t repetition = 0; repetition < spec.repetitions; ++repetition) {
    PLUMB_RETURN_IF_ERROR(ReplayRepetition(recording_, repetition, sink, cancel));
  }
  return OkStatus();
}

}  // namespace plumb::archive
