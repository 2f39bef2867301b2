#include "common/rpc/convert.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "common/base/checked.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/rpc/chunks.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"
#include "common/runner/failure.h"

namespace plumb::rpc {
namespace {

constexpr size_t kMaxNameSize = 255;
constexpr size_t kMaxRunIdSize = 64;
constexpr size_t kInstanceIdSize = 32;

// The enums share their numbers by design; this keeps it so.
static_assert(static_cast<int>(ElementType::kUint8) == v1::ELEMENT_TYPE_UINT8);
static_assert(static_cast<int>(ElementType::kNv12) == v1::ELEMENT_TYPE_NV12);
static_assert(static_cast<int>(ElementType::kInt16) == v1::ELEMENT_TYPE_INT16);
static_assert(static_cast<int>(ElementType::kInt32) == v1::ELEMENT_TYPE_INT32);
static_assert(static_cast<int>(ElementType::kInt8) == v1::ELEMENT_TYPE_INT8);
static_assert(static_cast<int>(ElementType::kFloat32) == v1::ELEMENT_TYPE_FLOAT32);
static_assert(static_cast<int>(ElementType::kArgb8888) == v1::ELEMENT_TYPE_ARGB8888);
static_assert(static_cast<int>(ElementType::kAbgr8888) == v1::ELEMENT_TYPE_ABGR8888);
static_assert(static_cast<int>(ElementType::kGray) == v1::ELEMENT_TYPE_GRAY);
static_assert(static_cast<int>(ElementType::kComplex64) == v1::ELEMENT_TYPE_COMPLEX64);
static_assert(static_cast<int>(ElementType::kUint16) == v1::ELEMENT_TYPE_UINT16);
static_assert(static_cast<int>(ElementType::kInt64) == v1::ELEMENT_TYPE_INT64);
static_assert(static_cast<int>(ElementType::kFloat16) == v1::ELEMENT_TYPE_FLOAT16);
static_assert(static_cast<int>(ElementType::kFloat64) == v1::ELEMENT_TYPE_FLOAT64);
static_assert(static_cast<int>(ElementType::kBool) == v1::ELEMENT_TYPE_BOOL);

// A name from the vendor's runtime may be anything; the wire carries it readable.
std::string WireName(std::string_view name) {
  std::string text = WireText(name, kMaxNameSize);
  return text.empty() ? "(unnamed)" : text;
}

Result<ElementType> ElementTypeFromWire(v1::ElementType type) {
  if (type == v1::ELEMENT_TYPE_UNSPECIFIED || !v1::ElementType_IsValid(type)) {
    return ProtocolError("tensor.element_type",
                         std::to_string(static_cast<int>(type)) + " is not a known type");
  }
  return static_cast<ElementType>(type);
}

Result<Layout> LayoutFromWire(v1::Layout layout) {
  switch (layout) {
    case v1::LAYOUT_NHWC:
      return Layout::kNhwc;
    case v1::LAYOUT_NCHW:
      return Layout::kNchw;
    default:
      return ProtocolError("tensor.layout",
                           std::to_string(static_cast<int>(layout)) + " is not a known layout");
  }
}

Status CheckSizes(const TensorDesc& desc) {
  if (desc.aligned_size > kMaxTensorBytes) {
    return ProtocolError("tensor.aligned_size",
                         std::to_string(desc.aligned_size) + " bytes are more than the " +
                             std::to_string(kMaxTensorBytes) + " allowed");
  }
  if (desc.payload_size > desc.aligned_size) {
    return ProtocolError("tensor.payload_size", "larger than the buffer");
  }
  if (!std::isfinite(desc.scale)) {
    return ProtocolError("tensor.scale", "not a finite number");
  }
  const auto region = ValidRegionOf(desc);
  return region.ok() ? OkStatus() : region.status().WithReason(kReasonProtocol);
}

template <class Repeated>
Result<std::vector<TensorDesc>> DescsFromWire(const Repeated& list, std::string_view field) {
  if (list.empty() || list.size() > kMaxTensors) {
    return ProtocolError(field, std::to_string(list.size()) + " tensors; 1 to 256 are allowed");
  }
  std::vector<TensorDesc> descs;
  descs.reserve(static_cast<size_t>(list.size()));
  for (const auto& wire : list) {
    PLUMB_ASSIGN_OR_RETURN(TensorDesc desc, FromProto(wire));
    descs.push_back(std::move(desc));
  }
  return descs;
}

bool IsIdCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

}  // namespace

v1::Artifact ToProto(const Artifact& artifact) {
  v1::Artifact wire;
  wire.set_sha256(artifact.sha256);
  wire.set_size(artifact.size);
  return wire;
}

Result<Artifact> FromProto(const v1::Artifact& artifact) {
  if (!IsSha256Hex(artifact.sha256())) {
    return ProtocolError("artifact.sha256", "not 64 lower-case hexadecimal digits");
  }
  if (artifact.size() > kMaxArtifactSize) {
    return ProtocolError("artifact.size",
                         std::to_string(artifact.size()) + " bytes are more than the " +
                             std::to_string(kMaxArtifactSize) + " allowed");
  }
  return Artifact{{}, artifact.sha256(), artifact.size()};
}

v1::TensorDesc ToProto(const TensorDesc& desc) {
  v1::TensorDesc wire;
  wire.set_name(WireName(desc.name));
  wire.set_element_type(static_cast<v1::ElementType>(desc.element_type));
  for (const int64_t dim : desc.shape.dims()) {
    wire.add_shape(dim);
  }
  wire.set_inner_stride(desc.inner_stride);
  wire.set_scale(desc.scale);
  wire.set_zero_point(desc.zero_point);
  wire.set_aligned_size(desc.aligned_size);
  wire.set_payload_size(desc.payload_size);
  wire.set_layout(desc.layout == Layout::kNchw ? v1::LAYOUT_NCHW : v1::LAYOUT_NHWC);
  wire.set_width_alignment(desc.width_alignment);
  wire.set_height_alignment(desc.height_alignment);
  return wire;
}

Result<TensorDesc> FromProto(const v1::TensorDesc& desc) {
  TensorDesc result;
  PLUMB_RETURN_IF_ERROR(CheckName(desc.name(), "tensor.name"));
  result.name = desc.name();
  PLUMB_ASSIGN_OR_RETURN(result.element_type, ElementTypeFromWire(desc.element_type()));
  auto shape = Shape::Create({desc.shape().data(), static_cast<size_t>(desc.shape_size())});
  if (!shape.ok()) {
    return ProtocolError("tensor.shape", shape.status().message());
  }
  result.shape = *shape;
  result.inner_stride = desc.inner_stride();
  result.scale = desc.scale();
  result.zero_point = desc.zero_point();
  result.aligned_size = desc.aligned_size();
  result.payload_size = desc.payload_size();
  PLUMB_ASSIGN_OR_RETURN(result.layout, LayoutFromWire(desc.layout()));
  result.width_alignment = std::max<uint32_t>(desc.width_alignment(), 1);
  result.height_alignment = std::max<uint32_t>(desc.height_alignment(), 1);
  PLUMB_RETURN_IF_ERROR(CheckSizes(result));
  return result;
}

v1::ModelInfo ToProto(const ModelInfo& info) {
  v1::ModelInfo wire;
  for (const TensorDesc& desc : info.inputs) {
    *wire.add_inputs() = ToProto(desc);
  }
  for (const TensorDesc& desc : info.outputs) {
    *wire.add_outputs() = ToProto(desc);
  }
  wire.set_sdk(WireText(info.sdk, kMaxNameSize));
  return wire;
}

Result<ModelInfo> FromProto(const v1::ModelInfo& info) {
  ModelInfo result;
  PLUMB_ASSIGN_OR_RETURN(result.inputs, DescsFromWire(info.inputs(), "model.inputs"));
  PLUMB_ASSIGN_OR_RETURN(result.outputs, DescsFromWire(info.outputs(), "model.outputs"));
  uint64_t total = 0;  // cannot overflow: 256 outputs of at most 1 GiB
  for (const TensorDesc& desc : result.outputs) {
    total += desc.aligned_size;
  }
  if (total > kMaxOutputBytes) {
    return ProtocolError("model.outputs",
                         std::to_string(total) + " bytes together are more than the " +
                             std::to_string(kMaxOutputBytes) + " allowed");
  }
  if (!info.sdk().empty()) {
    PLUMB_RETURN_IF_ERROR(CheckName(info.sdk(), "model.sdk"));
  }
  result.sdk = info.sdk();
  return result;
}

v1::ProtocolVersion CurrentProtocol() {
  v1::ProtocolVersion version;
  version.set_major(kProtocolMajor);
  version.set_minor(kProtocolMinor);
  return version;
}

Status CheckProtocol(const v1::ProtocolVersion& version, std::string_view peer) {
  if (version.major() == kProtocolMajor) {
    return OkStatus();
  }
  const bool peer_is_older = version.major() < kProtocolMajor;
  return FailedPreconditionError(
             "the " + std::string(peer) + " speaks protocol " + std::to_string(version.major()) +
             "." + std::to_string(version.minor()) + ", this program speaks " +
             std::to_string(kProtocolMajor) + "." + std::to_string(kProtocolMinor))
      .WithReason(kReasonVersionMismatch)
      .WithHint(peer_is_older
                    ? "update the " + std::string(peer)
                    : "update this program, or use the " + std::string(peer) + " of its release");
}

v1::DataChunk MakeDataChunk(uint64_t offset, const Buffer& bytes) {
  v1::DataChunk chunk;
  chunk.set_offset(offset);
  chunk.set_xxh3(ChunkChecksum(bytes.span()));
  chunk.set_data(bytes.data(), bytes.size());
  return chunk;
}

Result<Buffer> TakeBytes(v1::DataChunk& chunk) {
  PLUMB_RETURN_IF_ERROR(CheckChunkSize(chunk.data().size()));
  if (ChunkChecksum(AsBytes(chunk.data())) != chunk.xxh3()) {
    return DamagedChunk(chunk.offset());
  }
  return Buffer::FromString(std::move(*chunk.mutable_data()));
}

Status CheckInputBytes(const std::vector<Artifact>& inputs, std::string_view field) {
  uint64_t total = 0;  // cannot overflow: 256 files of at most 4 GiB
  for (const Artifact& input : inputs) {
    total += input.size;
  }
  return total <= kMaxInputBytes
             ? OkStatus()
             : ProtocolError(field,
                             std::to_string(total) + " bytes together are more than the " +
                                 std::to_string(kMaxInputBytes) + " allowed");
}

Status CheckRunId(std::string_view run_id) {
  if (run_id.empty() || run_id.size() > kMaxRunIdSize ||
      !std::all_of(run_id.begin(), run_id.end(), IsIdCharacter)) {
    return ProtocolError("run_id", "must be 1 to 64 characters of [A-Za-z0-9_-]");
  }
  return OkStatus();
}

Status CheckInstanceId(std::string_view instance_id) {
  const bool hex = std::all_of(instance_id.begin(), instance_id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (instance_id.size() != kInstanceIdSize || !hex) {
    return ProtocolError("instance_id", "must be 32 lower-case hexadecimal digits");
  }
  return OkStatus();
}

Status CheckName(std::string_view name, std::string_view field) {
  if (!IsSafeName(name)) {
    return ProtocolError(field, "must be 1 to 255 bytes of UTF-8 without control characters");
  }
  return OkStatus();
}

}  // namespace plumb::rpc
