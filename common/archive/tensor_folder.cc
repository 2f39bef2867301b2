#include "common/archive/tensor_folder.h"

#include <cmath>
#include <system_error>
#include <utility>

#include "common/archive/desc_json.h"
#include "common/archive/json_reader.h"
#include "common/archive/valid_digest.h"
#include "common/base/checked.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/runner/limits.h"

namespace plumb::archive {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSchema = "plumb.tensors/1";
constexpr uint64_t kMaxText = uint64_t{4} << 20;
constexpr size_t kMaxWords = 4096;

std::string Quoted(const fs::path& path) {
  return "'" + EscapeForDisplay(path.string()) + "'";
}

Status RefuseLink(const fs::path& path) {
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(path, error))) {
    return InvalidArgumentError(Quoted(path) + " is a link; a tensor folder holds plain files");
  }
  return OkStatus();
}

Result<std::string> TextOr(const JsonReader& json, std::string_view key, std::string otherwise) {
  if (!json.Has(key)) {
    return otherwise;
  }
  PLUMB_ASSIGN_OR_RETURN(std::string text, json.String(key));
  return text.substr(0, kMaxWords);
}

Status ReadError(const JsonReader& json, WritersError& error) {
  if (json.IsNull("error")) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const JsonReader object, json.Object("error"));
  PLUMB_ASSIGN_OR_RETURN(error.kind, object.String("kind"));
  PLUMB_ASSIGN_OR_RETURN(error.message, TextOr(object, "message", ""));
  PLUMB_ASSIGN_OR_RETURN(error.hint, TextOr(object, "hint", ""));
  return error.kind.empty() ? object.Wrong("kind", "a word") : OkStatus();
}

Result<std::vector<TensorDesc>> ReadDescs(const JsonReader& json, std::string_view key) {
  std::vector<TensorDesc> descs;
  if (!json.Has(key)) {
    return descs;
  }
  PLUMB_ASSIGN_OR_RETURN(const auto items, json.Objects(key));
  if (items.size() > kMaxModelTensors) {
    return json.Wrong(key, "a list of at most " + std::to_string(kMaxModelTensors));
  }
  for (const JsonReader& item : items) {
    PLUMB_ASSIGN_OR_RETURN(TensorDesc desc, DescFromJson(item, DescKeys::kEssential));
    descs.push_back(std::move(desc));
  }
  return descs;
}

// An output whose size is not told has that of its file.
Status CheckOutput(const fs::path& path, TensorDesc& desc) {
  PLUMB_RETURN_IF_ERROR(RefuseLink(path));
  PLUMB_ASSIGN_OR_RETURN(const uint64_t size, FileSize(path));
  if (desc.aligned_size == 0) {
    desc.aligned_size = size;
  }
  if (size != desc.aligned_size) {
    return DataLossError(Quoted(path) + " has " + std::to_string(size) +
                         " bytes, tensors.json says " + std::to_string(desc.aligned_size));
  }
  if (size > kMaxModelTensorBytes) {
    return InvalidArgumentError(Quoted(path) + " has " + std::to_string(size) +
                                " bytes; an output may have " +
                                std::to_string(kMaxModelTensorBytes));
  }
  return ValidRegionOf(desc).status().Annotate(Quoted(path));
}

Status CheckOutputFiles(const fs::path& folder, std::vector<TensorDesc>& outputs) {
  uint64_t total = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(CheckOutput(folder / OutputFileName(i), outputs[i]));
    total += outputs[i].aligned_size;
  }
  if (outputs.empty() || total > kMaxModelOutputBytes) {
    return InvalidArgumentError(
        outputs.empty() ? "it lists no outputs"
                        : "its outputs have " + std::to_string(total) + " bytes together; " +
                              std::to_string(kMaxModelOutputBytes) + " are allowed");
  }
  return OkStatus();
}

Result<TensorFolder> Parse(const fs::path& path, std::string_view text) {
  PLUMB_ASSIGN_OR_RETURN(const JsonReader json, JsonReader::Parse(text));
  PLUMB_ASSIGN_OR_RETURN(const std::string schema, json.String("schema"));
  if (schema != kSchema) {
    return json.Wrong("schema", std::string(kSchema));
  }
  TensorFolder folder;
  PLUMB_RETURN_IF_ERROR(ReadError(json, folder.error));
  PLUMB_ASSIGN_OR_RETURN(folder.source, TextOr(json, "source", ""));
  PLUMB_ASSIGN_OR_RETURN(folder.sdk, TextOr(json, "sdk", ""));
  if (!folder.error.kind.empty()) {
    return folder;
  }
  if (json.Has("invoke_ms")) {
    PLUMB_ASSIGN_OR_RETURN(folder.invoke_ms, json.Numbers("invoke_ms"));
  }
  PLUMB_ASSIGN_OR_RETURN(folder.inputs, ReadDescs(json, "inputs"));
  PLUMB_ASSIGN_OR_RETURN(folder.outputs, ReadDescs(json, "outputs"));
  PLUMB_RETURN_IF_ERROR(CheckOutputFiles(path, folder.outputs));
  return folder;
}

}  // namespace

bool IsTensorFolder(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path / kTensorsFile, error);
}

Result<TensorFolder> ReadTensorFolder(const fs::path& path) {
  const fs::path text_path = path / kTensorsFile;
  PLUMB_RETURN_IF_ERROR(RefuseLink(text_path));
  PLUMB_ASSIGN_OR_RETURN(const Buffer text, ReadFile(text_path, kMaxText));
  auto folder = Parse(path, text.view());
  if (!folder.ok()) {
    return folder.status().Annotate(Quoted(text_path));
  }
  return folder;
}

Result<OpenRecording> OpenTensorFolder(const fs::path& path) {
  PLUMB_ASSIGN_OR_RETURN(TensorFolder folder, ReadTensorFolder(path));
  if (!folder.error.kind.empty()) {
    return FailedPreconditionError(Quoted(path) + " holds no outputs but an error: " +
                                   EscapeForDisplay(folder.error.message))
        .WithHint(EscapeForDisplay(folder.error.hint));
  }
  OpenRecording open;
  Recording& recording = open.recording;
  recording.identity.source = std::move(folder.source);
  recording.model.sdk = std::move(folder.sdk);
  recording.model.inputs = std::move(folder.inputs);
  recording.model.outputs = std::move(folder.outputs);
  recording.repetitions = 1;
  recording.invoke_ms.assign(folder.invoke_ms.begin(),
                             folder.invoke_ms.begin() + (folder.invoke_ms.empty() ? 0 : 1));
  for (size_t i = 0; i < recording.model.outputs.size(); ++i) {
    const TensorDesc& desc = recording.model.outputs[i];
    PLUMB_ASSIGN_OR_RETURN(Buffer bytes, MapFile(path / OutputFileName(i)));
    PLUMB_ASSIGN_OR_RETURN(const ValidRegion region, ValidRegionOf(desc));
    if (bytes.size() != desc.aligned_size) {
      return DataLossError(Quoted(path / OutputFileName(i)) + " changes while it is read");
    }
    recording.outputs.push_back({Sha256Hex(bytes.span()), ValidDigestOf(region, bytes.span()), 0});
    open.outputs.push_back({desc, std::move(bytes)});
  }
  return open;
}

}  // namespace plumb::archive
