#include "client/cli/option/operand.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "client/cli/frame/usage.h"
#include "common/archive/run_folder.h"
#include "common/archive/tensor_folder.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/dump/dump_file.h"
#include "common/dump/simulator_text.h"
#include "common/runner/failure.h"
#include "common/tensor/notation.h"
#include "common/tensor/npy.h"

namespace plumb::client {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFiles = 100'000;

std::string Quoted(const fs::path& path) {
  return "'" + EscapeForDisplay(path.string()) + "'";
}

Result<Tensor> LoadNpy(const fs::path& path, const Buffer& bytes) {
  auto tensor = ParseNpy(path.stem().string(), bytes);
  if (!tensor.ok()) {
    return tensor.status().Annotate(Quoted(path));
  }
  return tensor;
}

Result<Tensor> LoadRaw(const fs::path& path, const std::string& spec, const Buffer& bytes) {
  PLUMB_ASSIGN_OR_RETURN(TensorDesc desc, ParseTensorSpec(path.stem().string(), spec));
  PLUMB_ASSIGN_OR_RETURN(const ValidRegion region, ValidRegionOf(desc));
  // A board's buffer is rounded up at its end and the last row may lack its padding.
  if (bytes.size() < region.extent()) {
    return InvalidArgumentError(Quoted(path) + " has " + std::to_string(bytes.size()) + " bytes, " +
                                EscapeForDisplay(spec) + " needs " +
                                std::to_string(region.extent()))
        .WithHint("correct --spec, or the file was cut");
  }
  constexpr uint64_t kLargestRounding = 64;
  if (bytes.size() > desc.aligned_size + kLargestRounding) {
    return InvalidArgumentError(Quoted(path) + " has " + std::to_string(bytes.size()) + " bytes, " +
                                EscapeForDisplay(spec) + " explains only " +
                                std::to_string(desc.aligned_size))
        .WithHint("correct --spec; where rows are padded give their pitch, e.g. 13x255xs16@512");
  }
  desc.aligned_size = bytes.size();
  return Tensor{std::move(desc), bytes};
}

// A tensor's own outputs; constants are counted, not compared.
Status AddDump(const Buffer& bytes, LoadedOperand& loaded) {
  PLUMB_ASSIGN_OR_RETURN(const dump::DumpFile file, dump::ParseDump(bytes));
  for (const dump::DumpEntry& entry : file.entries) {
    if (entry.constant) {
      ++loaded.constants;
    }
    if (entry.constant || entry.direction != dump::Direction::kOutput) {
      continue;
    }
    const auto elements = static_cast<int64_t>(entry.payload.size() / sizeof(float));
    PLUMB_ASSIGN_OR_RETURN(
        TensorDesc desc,
        MakeContiguousDesc(
            entry.name, ElementType::kFloat32, entry.shape.value_or(Shape{elements})));
    if (entry.payload.size() < desc.aligned_size) {
      return InvalidArgumentError("'" + EscapeForDisplay(entry.name) + "' has " +
                                  std::to_string(entry.payload.size()) + " bytes for " +
                                  entry.shape->ToString());
    }
    const uint64_t size = desc.aligned_size;
    loaded.tensors.push_back({std::move(desc), entry.payload.Slice(0, size)});
  }
  return OkStatus();
}

Result<LoadedOperand> LoadFile(const fs::path& path, const std::string& spec) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, MapFile(path));
  LoadedOperand loaded;
  loaded.operand = {path.string(), Sha256Hex(bytes.span())};
  if (spec.empty() && dump::LooksLikeDump(bytes.span())) {
    const Status added = AddDump(bytes, loaded);
    return added.ok() ? Result<LoadedOperand>(std::move(loaded))
                      : Status(added).Annotate(Quoted(path));
  }
  if (spec.empty() && dump::LooksLikeSimulatorText(bytes.view())) {
    auto tensors = dump::ParseSimulatorText(bytes.view());
    if (!tensors.ok()) {
      return tensors.status().Annotate(Quoted(path));
    }
    loaded.tensors = *std::move(tensors);
    loaded.text_decimals = dump::kTextDecimals;
    return loaded;
  }
  loaded.raw = !IsNpy(bytes);
  if (loaded.raw && spec.empty()) {
    return UsageError(Quoted(path) + " is no .npy file, so its shape and element type are unknown",
                      "add e.g. --spec 1x10xf32; where rows are padded, 1x10xs16@32");
  }
  auto tensor = loaded.raw ? LoadRaw(path, spec, bytes) : LoadNpy(path, bytes);
  if (!tensor.ok()) {
    return tensor.status();
  }
  loaded.tensors.push_back(*std::move(tensor));
  return loaded;
}

Result<LoadedOperand> FromRecording(const fs::path& folder,
                                    const char* described_by,
                                    archive::OpenRecording open) {
  LoadedOperand loaded;
  PLUMB_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(folder / described_by));
  const std::string& source = open.recording.identity.source;
  loaded.operand = {folder.string() + (source.empty() ? "" : " (" + source + ")"), digest};
  loaded.tensors = std::move(open.outputs);
  loaded.text_decimals = open.recording.model.text_decimals;
  loaded.recording = std::move(open.recording);
  return loaded;
}

Result<LoadedOperand> LoadLeg(const fs::path& path, analysis::Role role) {
  PLUMB_ASSIGN_OR_RETURN(const fs::path folder, archive::FindLeg(path, role));
  PLUMB_ASSIGN_OR_RETURN(auto open, archive::ReadRecording(folder));
  return FromRecording(folder, archive::kRecordingFile, std::move(open));
}

Result<LoadedOperand> LoadTensorFolder(const fs::path& folder) {
  PLUMB_ASSIGN_OR_RETURN(auto open, archive::OpenTensorFolder(folder));
  return FromRecording(folder, archive::kTensorsFile, std::move(open));
}

Result<std::vector<fs::path>> NpyFilesIn(const fs::path& folder) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  std::vector<fs::path> files;
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    if (entries->path().extension() == ".npy") {
      files.push_back(entries->path());
    }
    if (files.size() > kMaxFiles) {
      return InvalidArgumentError(Quoted(folder) + " holds more than " + std::to_string(kMaxFiles) +
                                  " .npy files");
    }
  }
  if (error) {
    return ErrnoError(error.value(), "cannot list " + Quoted(folder));
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<LoadedOperand> LoadNpyFolder(const fs::path& folder) {
  PLUMB_ASSIGN_OR_RETURN(const auto files, NpyFilesIn(folder));
  if (files.empty()) {
    return InvalidArgumentError(Quoted(folder) + " holds neither .npy files nor a recorded run")
        .WithHint("name a folder of .npy files, a run folder, or one of its legs");
  }
  LoadedOperand loaded;
  Sha256 digest;
  for (const auto& file : files) {
    PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, MapFile(file));
    PLUMB_ASSIGN_OR_RETURN(Tensor tensor, LoadNpy(file, bytes));
    // The text that sha256sum *.npy prints: anyone can check it.
    digest.Update(AsBytes(Sha256Hex(bytes.span()) + "  " + file.filename().string() + "\n"));
    loaded.tensors.push_back(std::move(tensor));
  }
  loaded.operand = {folder.string(), ToHex(digest.Finish())};
  return loaded;
}

Result<LoadedOperand> Load(const fs::path& path, analysis::Role role, const std::string& spec) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return LoadFile(path, spec);
  }
  if (archive::IsRunFolder(path) || archive::IsRecordingFolder(path)) {
    return LoadLeg(path, role);
  }
  return archive::IsTensorFolder(path) ? LoadTensorFolder(path) : LoadNpyFolder(path);
}

}  // namespace

std::vector<std::string> LoadedOperand::Names() const {
  std::vector<std::string> names;
  for (const auto& tensor : tensors) {
    names.push_back(tensor.desc.name);
  }
  return names;
}

analysis::LegIdentity LoadedOperand::Identity() const {
  return recording ? analysis::LegIdentity{recording->identity.model_sha256,
                                           recording->identity.input_sha256}
                   : analysis::LegIdentity{};
}

Result<LoadedOperand> LoadOperand(const std::string& path,
                                  analysis::Role role,
                                  const std::string& spec) {
  auto loaded = Load(path, role, spec);
  if (!loaded.ok()) {
    return loaded.status().Annotate(analysis::RoleName(role)).WithReason(kReasonUsage);
  }
  return loaded;
}

}  // namespace plumb::client
