#include "common/ring/wire_desc.h"

#include <array>
#include <cmath>
#include <span>

#include "common/base/text.h"
#include "common/ring/message_io.h"
#include "common/runner/limits.h"

namespace plumb {
namespace {

std::string Place(const ring::TensorRecord& record) {
  return (record.role == ring::TensorRole::kInput ? "input " : "output ") +
         std::to_string(record.index);
}

Status Bad(const ring::TensorRecord& record, const std::string& what) {
  return InvalidArgumentError("the runtime's descriptor of " + Place(record) + ": " + what);
}

Result<std::string> NameOf(const ring::TensorRecord& record) {
  std::string name = ring::ReadText(record.name, sizeof record.name);
  if (name.empty()) {
    return Place(record);
  }
  if (!IsSafeName(name)) {
    return Bad(record, "its name '" + EscapeForDisplay(name) + "' is not a name");
  }
  return name;
}

}  // namespace

Result<TensorDesc> FromTensorRecord(const ring::TensorRecord& record) {
  TensorDesc desc;
  PLUMB_ASSIGN_OR_RETURN(desc.name, NameOf(record));
  const auto type = ElementTypeFromMi(record.mi_format);
  if (!type || *type == ElementType::kUnknown) {
    return Bad(record, "element format " + std::to_string(record.mi_format) + " is not known");
  }
  desc.element_type = *type;
  if (record.rank > ring::kMaxRank) {
    return Bad(record, std::to_string(record.rank) + " dimensions are too many");
  }
  std::array<int64_t, ring::kMaxRank> dims{};
  for (uint32_t axis = 0; axis < record.rank; ++axis) {
    dims.at(axis) = record.dims[axis];
  }
  PLUMB_ASSIGN_OR_RETURN(desc.shape, Shape::Create(std::span(dims).first(record.rank)));
  if (!std::isfinite(record.scale)) {
    return Bad(record, "its scale is not a number");
  }
  if (record.aligned_size > kMaxModelTensorBytes) {
    return Bad(record,
               std::to_string(record.aligned_size) + " bytes are more than the " +
                   std::to_string(kMaxModelTensorBytes) + " allowed");
  }
  if (record.payload_size > record.aligned_size) {
    return Bad(record,
               "a payload of " + std::to_string(record.payload_size) + " bytes in a buffer of " +
                   std::to_string(record.aligned_size));
  }
  if (record.layout > 1) {
    return Bad(record, "layout " + std::to_string(record.layout) + " is not known");
  }
  desc.inner_stride = record.inner_stride;
  desc.scale = record.scale;
  desc.zero_point = record.zero_point;
  desc.aligned_size = record.aligned_size;
  desc.payload_size = record.payload_size;
  desc.layout = static_cast<Layout>(record.layout);
  desc.width_alignment = record.width_alignment == 0 ? 1 : record.width_alignment;
  desc.height_alignment = record.height_alignment == 0 ? 1 : record.height_alignment;
  const auto region = ValidRegionOf(desc);
  return region.ok() ? Result<TensorDesc>(std::move(desc)) : region.status();
}

Status CheckOutputs(const std::vector<TensorDesc>& outputs) {
  if (outputs.empty()) {
    return FailedPreconditionError("the model has no output, so there is nothing to compare");
  }
  uint64_t total = 0;  // cannot overflow: 61 outputs of at most 1 GiB
  for (const TensorDesc& output : outputs) {
    total += output.aligned_size;
  }
  return total <= kMaxModelOutputBytes
             ? OkStatus()
             : FailedPreconditionError("the model's outputs have " + std::to_string(total) +
                                       " bytes together, more than the " +
                                       std::to_string(kMaxModelOutputBytes) + " allowed");
}

Result<ring::TensorRecord> ToTensorRecord(const TensorDesc& desc) {
  const auto mi_format = MiFormat(desc.element_type);
  if (!mi_format) {
    return InvalidArgumentError("tensor '" + EscapeForDisplay(desc.name) +
                                "': the board knows no " +
                                std::string(ElementTypeName(desc.element_type)));
  }
  ring::TensorRecord record{};
  record.mi_format = *mi_format;
  record.rank = static_cast<uint32_t>(desc.shape.rank());
  for (uint32_t axis = 0; axis < record.rank; ++axis) {
    record.dims[axis] = static_cast<uint32_t>(desc.shape[axis]);
  }
  record.inner_stride = desc.inner_stride;
  record.scale = desc.scale;
  record.zero_point = desc.zero_point;
  record.aligned_size = desc.aligned_size;
  record.payload_size = desc.payload_size;
  record.layout = static_cast<uint32_t>(desc.layout);
  record.width_alignment = desc.width_alignment;
  record.height_alignment = desc.height_alignment;
  ring::WriteText(record.name, sizeof record.name, desc.name);
  return record;
}

}  // namespace plumb
