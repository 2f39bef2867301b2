#include "client/cli/network/inspection.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "client/cli/network/inspect_model.h"
#include "client/cli/option/model_file.h"
#include "common/archive/run_folder.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/dump/dump_index.h"
#include "common/image/image.h"
#include "common/npu/import/import.h"
#include "common/npu/model/container.h"
#include "common/tensor/convert.h"
#include "common/tensor/npy.h"

namespace plumb::client {
namespace {

constexpr uint64_t kMaxInspected = uint64_t{2} << 30U;

Result<InspectedTensor> FromTensor(const std::string& role, const Tensor& tensor) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<double> values, RealValues(tensor));
  InspectedTensor row;
  row.role = role;
  row.name = tensor.desc.name;
  row.element_type = ElementTypeName(tensor.desc.element_type);
  row.bits = 8 * ElementSize(tensor.desc.element_type);
  row.shape = tensor.desc.shape.ToString();
  if (IsInteger(tensor.desc.element_type) && tensor.desc.scale != 0) {
    row.scale = static_cast<double>(tensor.desc.scale);
    row.zero_point = tensor.desc.zero_point;
  }
  SetRange(values, row);
  return row;
}

Result<InspectedTensor> FromDumpEntry(const dump::DumpIndex& index, const dump::DumpEntry& entry) {
  PLUMB_ASSIGN_OR_RETURN(const uint64_t count, entry.value_count());
  InspectedTensor row;
  row.role = entry.constant                               ? "constant"
             : entry.direction == dump::Direction::kInput ? "operand"
                                                          : "layer";
  row.name = entry.name;
  row.op = entry.op;
  row.element_type = entry.type;
  row.shape = entry.shape ? entry.shape->ToString() : std::to_string(count);
  if (entry.scale != 0) {
    row.scale = entry.scale;
    row.zero_point = entry.zero_point;
  }
  constexpr uint64_t kPiece = 16384;
  dump::DumpValueReader reader(index, entry);
  std::vector<float> values;
  for (uint64_t first = 0; first < count; first += values.size()) {
    values.resize(static_cast<size_t>(std::min(kPiece, count - first)));
    PLUMB_RETURN_IF_ERROR(reader.Read(first, values));
    SetRange(std::vector<double>(values.begin(), values.end()), row);
  }
  return row;
}

// Of any size: only its headers and one piece of values are in memory.
Result<Inspection> InspectDump(const std::string& path) {
  PLUMB_ASSIGN_OR_RETURN(const auto source, dump::DumpSource::Open(path));
  PLUMB_ASSIGN_OR_RETURN(const dump::DumpIndex dump, dump::IndexDump(source));
  const bool text = std::any_of(
      dump.entries.begin(), dump.entries.end(), [](const auto& entry) { return entry.as_text; });
  Inspection result;
  result.kind = "dump";
  result.facts = {{"stage", dump.is_float ? "float" : "fixed"},
                  {"entries", std::to_string(dump.entries.size())},
                  {"values", text ? "text, six decimals" : "float32"}};
  for (const dump::DumpEntry& entry : dump.entries) {
    PLUMB_ASSIGN_OR_RETURN(InspectedTensor row, FromDumpEntry(dump, entry));
    result.tensors.push_back(std::move(row));
  }
  PLUMB_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(path));
  result.facts.emplace_back("bytes", std::to_string(source.size()));
  result.facts.emplace_back("sha256", digest);
  return result;
}

Result<bool> IsDump(const std::string& path) {
  PLUMB_ASSIGN_OR_RETURN(const auto file, InputFile::Open(path));
  std::vector<uint8_t> start(static_cast<size_t>(std::min<uint64_t>(file.size(), 64)));
  PLUMB_RETURN_IF_ERROR(file.Read(0, start));
  return dump::LooksLikeDump(start);
}

Result<Inspection> InspectNpy(const Buffer& file) {
  PLUMB_ASSIGN_OR_RETURN(const Tensor tensor, ParseNpy("array", file));
  Inspection result;
  result.kind = "npy";
  PLUMB_ASSIGN_OR_RETURN(InspectedTensor row, FromTensor("array", tensor));
  result.tensors.push_back(std::move(row));
  return result;
}

Result<Inspection> InspectPicture(const Buffer& file) {
  PLUMB_ASSIGN_OR_RETURN(const image::Image picture, image::Decode(file.span()));
  Inspection result;
  result.kind = "picture";
  InspectedTensor row;
  row.role = "pixels";
  row.name = "RGB";
  row.element_type = "u8";
  row.bits = 8;
  row.shape = std::to_string(picture.height) + "x" + std::to_string(picture.width) + "x3";
  SetRange(std::vector<double>(picture.rgb.begin(), picture.rgb.end()), row);
  result.tensors.push_back(std::move(row));
  return result;
}

// The same bytes under every reading that fits, so that a wrong one can be told by its range.
Result<Inspection> InspectRaw(const Buffer& file) {
  Inspection result;
  result.kind = file.view().starts_with("SGSI") ? "vendor_offline_model" : "raw";
  if (result.kind != "raw") {
    return result;
  }
  for (const ElementType type : {ElementType::kUint8, ElementType::kInt16, ElementType::kFloat32}) {
    const uint64_t count = file.size() / ElementSize(type);
    if (count == 0 || file.size() % ElementSize(type) != 0) {
      continue;
    }
    const std::string name(ElementTypeName(type));
    PLUMB_ASSIGN_OR_RETURN(const TensorDesc desc,
                           MakeContiguousDesc("bytes", type, Shape{static_cast<int64_t>(count)}));
    PLUMB_ASSIGN_OR_RETURN(InspectedTensor row, FromTensor("as " + name, {desc, file}));
    result.tensors.push_back(std::move(row));
  }
  return result;
}

Status AddLeg(const std::filesystem::path& folder, const std::string& role, Inspection& result) {
  PLUMB_ASSIGN_OR_RETURN(const archive::OpenRecording leg, archive::ReadRecording(folder));
  result.facts.emplace_back(role,
                            leg.recording.identity.source + ", " + leg.recording.model.sdk +
                                ", model " + leg.recording.identity.model_sha256.substr(0, 12));
  for (const Tensor& output : leg.outputs) {
    PLUMB_ASSIGN_OR_RETURN(InspectedTensor row, FromTensor(role, output));
    result.tensors.push_back(std::move(row));
  }
  return OkStatus();
}

Result<Inspection> InspectFolder(const std::filesystem::path& path) {
  Inspection result;
  if (archive::IsRecordingFolder(path)) {
    result.kind = "recording";
    PLUMB_RETURN_IF_ERROR(AddLeg(path, "recording", result));
    return result;
  }
  if (!archive::IsRunFolder(path)) {
    return InvalidArgumentError("the folder holds no run.json and no recording.json")
        .WithHint("name a run folder of the archive, or one of its legs");
  }
  PLUMB_ASSIGN_OR_RETURN(const archive::RunFolder run, archive::ReadRunFolder(path));
  result.kind = "run";
  result.facts = {{"run", run.label.run_id},
                  {"verdict", std::string(analysis::VerdictName(run.report.verdict))}};
  if (run.has_reference) {
    PLUMB_RETURN_IF_ERROR(AddLeg(path / "reference", "reference", result));
  }
  if (run.has_target) {
    PLUMB_RETURN_IF_ERROR(AddLeg(path / "target", "target", result));
  }
  return result;
}

Result<Inspection> InspectContent(const std::string& path,
                                  const Buffer& file,
                                  const npu::InputShapes& shapes) {
  if (npu::LooksLikeModel(file.span())) {
    PLUMB_ASSIGN_OR_RETURN(const npu::FixedModel model, npu::ParseModel(file));
    return InspectFixedModel(model);
  }
  if (IsNpy(file)) {
    return InspectNpy(file);
  }
  if (image::DetectFormat(file.span())) {
    return InspectPicture(file);
  }
  // Last, because an ONNX file has no identifier: only its first fields tell it.
  if (const std::optional<npu::NetworkFormat> format = npu::DetectNetworkFormat(file)) {
    const std::string name = std::filesystem::path(path).stem().string();
    PLUMB_ASSIGN_OR_RETURN(const Buffer other, ReadOtherFile(path, file));
    PLUMB_ASSIGN_OR_RETURN(const npu::Graph graph, npu::ImportNetwork(file, name, shapes, other));
    return InspectGraph(graph, *format);
  }
  return InspectRaw(file);
}

}  // namespace

void SetRange(std::span<const double> values, InspectedTensor& tensor) {
  for (const double value : values) {
    if (std::isnan(value)) {
      ++tensor.nan_count;
      continue;
    }
    tensor.low = std::min(value, tensor.low.value_or(value));
    tensor.high = std::max(value, tensor.high.value_or(value));
  }
}

Result<Inspection> InspectPath(const std::string& path, const npu::InputShapes& shapes) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return InspectFolder(path);
  }
  PLUMB_ASSIGN_OR_RETURN(const bool is_dump, IsDump(path));
  if (is_dump) {
    return InspectDump(path);
  }
  PLUMB_ASSIGN_OR_RETURN(const Buffer file, ReadFile(path, kMaxInspected));
  PLUMB_ASSIGN_OR_RETURN(Inspection result, InspectContent(path, file, shapes));
  result.facts.emplace_back("bytes", std::to_string(file.size()));
  result.facts.emplace_back("sha256", Sha256Hex(file.span()));
  return result;
}

}  // namespace plumb::client
