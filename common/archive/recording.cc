#include "common/archive/recording.h"

#include <system_error>

#include "common/archive/recording_json.h"
#include "common/archive/valid_digest.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"

namespace plumb::archive {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxRecordingText = uint64_t{16} << 20;

// A link in an archive from elsewhere could name any file of this machine.
Status RefuseLink(const fs::path& path) {
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(path, error))) {
    return InvalidArgumentError("'" + EscapeForDisplay(path.string()) +
                                "' is a link; recordings hold plain files");
  }
  return OkStatus();
}

Result<Buffer> MapOutput(const fs::path& path,
                         const TensorDesc& desc,
                         const RecordedOutput& recorded) {
  PLUMB_RETURN_IF_ERROR(RefuseLink(path));
  PLUMB_ASSIGN_OR_RETURN(Buffer bytes, MapFile(path));
  const std::string name = "'" + EscapeForDisplay(path.string()) + "'";
  if (bytes.size() != desc.aligned_size) {
    return DataLossError(name + " has " + std::to_string(bytes.size()) +
                         " bytes, recording.json says " + std::to_string(desc.aligned_size));
  }
  if (Sha256Hex(bytes.span()) != recorded.sha256) {
    return DataLossError(name + " does not have the SHA-256 that recording.json says");
  }
  PLUMB_ASSIGN_OR_RETURN(const ValidRegion region, ValidRegionOf(desc));
  if (ValidDigestOf(region, bytes.span()) != recorded.valid_digest) {
    return DataLossError(name + " does not have the valid_xxh3_64 that recording.json says");
  }
  return bytes;
}

}  // namespace

analysis::RunEvidence EvidenceOf(const Recording& recording) {
  analysis::RunEvidence evidence;
  if (recording.probe_digests) {
    evidence.OnProbe(*recording.probe_digests, recording.probe_input_was_zero);
  }
  for (uint32_t index = 0; index < recording.outputs.size(); ++index) {
    const auto& output = recording.outputs[index];
    evidence.OnTensorEnd({0, index, output.valid_digest, output.canary_size});
    evidence.SetRepetitions(index, recording.repetitions);
  }
  for (const auto& end : recording.differing) {
    evidence.OnTensorEnd(end);
  }
  return evidence;
}

std::string OutputFileName(size_t index) {
  const std::string digits = std::to_string(index);
  return "output_" + (digits.size() < 2 ? "0" + digits : digits) + ".raw";
}

Result<OpenRecording> ReadRecording(const fs::path& folder) {
  const fs::path text_path = folder / kRecordingFile;
  PLUMB_RETURN_IF_ERROR(RefuseLink(text_path));
  PLUMB_ASSIGN_OR_RETURN(const Buffer text, ReadFile(text_path, kMaxRecordingText));
  auto parsed = RecordingFromJson(text.view());
  if (!parsed.ok()) {
    return parsed.status().Annotate("'" + EscapeForDisplay(text_path.string()) + "'");
  }
  OpenRecording open;
  open.recording = *std::move(parsed);
  for (size_t i = 0; i < open.recording.outputs.size(); ++i) {
    const TensorDesc& desc = open.recording.model.outputs[i];
    PLUMB_ASSIGN_OR_RETURN(Buffer bytes,
                           MapOutput(folder / OutputFileName(i), desc, open.recording.outputs[i]));
    open.outputs.push_back({desc, std::move(bytes)});
  }
  return open;
}

}  // namespace plumb::archive
