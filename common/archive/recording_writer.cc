#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <optional>
#include <system_error>
#include <utility>

#include "common/archive/recording.h"
#include "common/archive/recording_json.h"
#include "common/archive/valid_digest.h"
#include "common/base/checked.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/base/unique_fd.h"

namespace plumb::archive {
namespace {

namespace fs = std::filesystem;

Status CheckDesc(const TensorDesc& desc) {
  if (!IsSafeName(desc.name)) {
    return InvalidArgumentError("a tensor's name must be 1 to 255 bytes of text, not '" +
                                EscapeForDisplay(desc.name) + "'");
  }
  if (!std::isfinite(desc.scale) || desc.scale < 0 || desc.aligned_size > kMaxTensorSize ||
      desc.payload_size > kMaxTensorSize) {
    return InvalidArgumentError("tensor '" + EscapeForDisplay(desc.name) +
                                "' has an impossible scale or size");
  }
  return OkStatus();
}

}  // namespace

struct RecordingWriter::Output {
  Output(UniqueFd file, const TensorDesc& output_desc, const ValidRegion& region)
      : fd(std::move(file)),
        desc(output_desc),
        valid_digest(region) {}

  UniqueFd fd;
  TensorDesc desc;
  ValidDigest valid_digest;
  Sha256 sha256;
  uint64_t committed = 0;
  bool ended = false;
  // Of the later repetition under way, if it sends bytes.
  std::optional<ValidDigest> later_digest;
  uint64_t later_offset = 0;
};

RecordingWriter::RecordingWriter(fs::path folder, RecordingIdentity identity)
    : folder_(std::move(folder)) {
  recording_.identity = std::move(identity);
}

RecordingWriter::~RecordingWriter() = default;

Result<std::unique_ptr<RecordingWriter>> RecordingWriter::Create(const fs::path& folder,
                                                                 RecordingIdentity identity) {
  PLUMB_RETURN_IF_ERROR(MakeFolders(folder));
  std::error_code error;
  if (!fs::is_empty(folder, error) || error) {
    return AlreadyExistsError("the folder '" + EscapeForDisplay(folder.string()) +
                              "' is not empty");
  }
  return std::unique_ptr<RecordingWriter>(new RecordingWriter(folder, std::move(identity)));
}

Status RecordingWriter::CheckModel(const ModelInfo& info) const {
  if (!outputs_.empty()) {
    return InvalidArgumentError("the model was described twice");
  }
  if (info.inputs.size() > kMaxRecordedTensors || info.outputs.size() > kMaxRecordedTensors) {
    return InvalidArgumentError("a recording holds at most " + std::to_string(kMaxRecordedTensors) +
                                " inputs and outputs");
  }
  for (const auto& input : info.inputs) {
    PLUMB_RETURN_IF_ERROR(CheckDesc(input));
  }
  for (const auto& output : info.outputs) {
    PLUMB_RETURN_IF_ERROR(CheckDesc(output));
  }
  return OkStatus();
}

Status RecordingWriter::OnModel(const ModelInfo& info) {
  PLUMB_RETURN_IF_ERROR(CheckModel(info));
  std::vector<std::unique_ptr<Output>> outputs;
  for (const auto& desc : info.outputs) {
    PLUMB_ASSIGN_OR_RETURN(const ValidRegion region, ValidRegionOf(desc));
    const fs::path path = folder_ / OutputFileName(outputs.size());
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!fd.valid()) {
      return ErrnoError(errno, "cannot write '" + EscapeForDisplay(path.string()) + "'");
    }
    outputs.push_back(std::make_unique<Output>(std::move(fd), desc, region));
  }
  recording_.model = info;
  recording_.outputs.resize(outputs.size());
  const std::lock_guard lock(mutex_);
  outputs_ = std::move(outputs);
  return OkStatus();
}

Status RecordingWriter::OnProbe(const std::vector<uint64_t>& valid_digests, bool input_was_zero) {
  if (valid_digests.size() != outputs_.size()) {
    return InvalidArgumentError("the probe has " + std::to_string(valid_digests.size()) +
                                " digests for " + std::to_string(outputs_.size()) + " outputs");
  }
  recording_.probe_digests = valid_digests;
  recording_.probe_input_was_zero = input_was_zero;
  return OkStatus();
}

Status RecordingWriter::OnInvoke(const InvokeInfo& info) {
  if (info.repetition >= recording_.repetitions) {
    recording_.repetitions = info.repetition + 1;
  }
  if (recording_.invoke_ms.size() < kMaxRecordedInvokes && std::isfinite(info.invoke_ms)) {
    recording_.invoke_ms.push_back(info.invoke_ms);
  }
  return OkStatus();
}

Result<RecordingWriter::Output*> RecordingWriter::OutputAt(uint32_t index) const {
  const std::lock_guard lock(mutex_);
  if (index >= outputs_.size()) {
    return InvalidArgumentError("there is no output " + std::to_string(index) + ", only " +
                                std::to_string(outputs_.size()));
  }
  return outputs_[index].get();
}

Result<uint64_t> RecordingWriter::OnChunk(uint32_t repetition,
                                          uint32_t index,
                                          uint64_t offset,
                                          const Buffer& bytes) {
  PLUMB_ASSIGN_OR_RETURN(Output * output, OutputAt(index));
  if (!RangeFits<uint64_t>(offset, bytes.size(), output->desc.aligned_size)) {
    return InvalidArgumentError("output " + std::to_string(index) + " is longer than its " +
                                std::to_string(output->desc.aligned_size) + " bytes");
  }
  const uint64_t end = offset + bytes.size();
  if (repetition > 0) {
    return TakeLater(*output, offset, bytes);
  }
  if (end <= output->committed) {
    return end;
  }
  if (offset > output->committed) {
    return InvalidArgumentError("output " + std::to_string(index) + " lacks its bytes from " +
                                std::to_string(output->committed) + " to " +
                                std::to_string(offset));
  }
  const auto fresh = bytes.span().subspan(output->committed - offset);
  Status written = WriteAt(output->fd.get(), output->committed, fresh);
  if (!written.ok()) {
    return std::move(written).Annotate("output " + std::to_string(index) + " of '" +
                                       EscapeForDisplay(folder_.string()) + "'");
  }
  {
    const std::lock_guard lock(mutex_);
    output->committed = end;
  }
  if (on_commit_) {
    on_commit_();
  }
  output->sha256.Update(fresh);
  output->valid_digest.Update(fresh);
  return end;
}

// A later repetition is not kept, only held against its digest.
Result<uint64_t> RecordingWriter::TakeLater(Output& output, uint64_t offset, const Buffer& bytes) {
  if (offset == 0) {
    PLUMB_ASSIGN_OR_RETURN(const ValidRegion region, ValidRegionOf(output.desc));
    output.later_digest.emplace(region);
    output.later_offset = 0;
  }
  const uint64_t end = offset + bytes.size();
  if (!output.later_digest || offset > output.later_offset) {
    return InvalidArgumentError("bytes before " + std::to_string(offset) +
                                " of a later repetition are missing");
  }
  if (end > output.later_offset) {
    output.later_digest->Update(bytes.span().subspan(output.later_offset - offset));
    output.later_offset = end;
  }
  return end;
}

Status RecordingWriter::EndLaterRepetition(Output& output, const TensorEnd& end) {
  const auto digest = std::exchange(output.later_digest, std::nullopt);
  const bool equal = end.valid_digest == recording_.outputs[end.index].valid_digest;
  if (digest &&
      (output.later_offset != output.desc.aligned_size || digest->value() != end.valid_digest)) {
    return DataLossError("output " + std::to_string(end.index) + " of repetition " +
                         std::to_string(end.repetition) +
                         " arrived with another digest than its runner computed");
  }
  if (!equal && recording_.differing.size() < kMaxRecordedDiffering) {
    recording_.differing.push_back(end);
  }
  return OkStatus();
}

Status RecordingWriter::EndFirstRepetition(Output& output, const TensorEnd& end) {
  const std::string name = "output " + std::to_string(end.index);
  if (output.ended) {
    return InvalidArgumentError(name + " ended twice");
  }
  if (output.committed != output.desc.aligned_size) {
    return DataLossError(name + " ended after " + std::to_string(output.committed) + " of its " +
                         std::to_string(output.desc.aligned_size) + " bytes");
  }
  if (output.valid_digest.value() != end.valid_digest) {
    return DataLossError(name + " arrived with another digest than its runner computed");
  }
  output.ended = true;
  recording_.outputs[end.index] = {
      ToHex(output.sha256.Finish()), end.valid_digest, end.canary_size};
  return OkStatus();
}

Result<uint64_t> RecordingWriter::OnTensorEnd(const TensorEnd& end) {
  PLUMB_ASSIGN_OR_RETURN(Output * output, OutputAt(end.index));
  if (end.repetition == 0) {
    PLUMB_RETURN_IF_ERROR(EndFirstRepetition(*output, end));
  } else {
    PLUMB_RETURN_IF_ERROR(EndLaterRepetition(*output, end));
  }
  recording_.repetitions = std::max(recording_.repetitions, end.repetition + 1);
  return output->desc.aligned_size;
}

uint64_t RecordingWriter::committed(uint32_t index) const {
  const std::lock_guard lock(mutex_);
  return index < outputs_.size() ? outputs_[index]->committed : 0;
}

Status RecordingWriter::Read(uint32_t index, uint64_t offset, std::span<uint8_t> out) const {
  if (!RangeFits<uint64_t>(offset, out.size(), committed(index))) {
    return OutOfRangeError("output " + std::to_string(index) + " has no bytes " +
                           std::to_string(offset) + " to " + std::to_string(offset + out.size()) +
                           " yet");
  }
  PLUMB_ASSIGN_OR_RETURN(const Output* output, OutputAt(index));
  return ReadAt(output->fd.get(), offset, out);
}

Status RecordingWriter::Finish() {
  if (recording_.repetitions == 0) {
    return FailedPreconditionError("the model was never run");
  }
  for (size_t index = 0; index < outputs_.size(); ++index) {
    if (!outputs_[index]->ended) {
      return FailedPreconditionError("output " + std::to_string(index) + " is incomplete");
    }
    if (::fsync(outputs_[index]->fd.get()) != 0) {
      return ErrnoError(errno, "cannot sync " + OutputFileName(index));
    }
  }
  return WriteFileAtomically(folder_ / kRecordingFile, RecordingToJson(recording_));
}

}  // namespace plumb::archive
