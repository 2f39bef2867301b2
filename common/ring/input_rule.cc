#include "common/ring/input_rule.h"

#include <algorithm>

#include "common/base/checked.h"
#include "common/base/text.h"
#include "common/runner/failure.h"
#include "common/tensor/family.h"

namespace plumb {
namespace {

struct PictureSize {
  uint64_t width = 0;
  uint64_t height = 0;
};

// The last three dimensions of a picture are height, width, channels.
PictureSize PictureOf(const Shape& shape) {
  const size_t rank = shape.rank();
  if (rank < 3) {
    return {};
  }
  return {static_cast<uint64_t>(shape[rank - 2]), static_cast<uint64_t>(shape[rank - 3])};
}

uint64_t AlignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

// Bytes of a picture whose rows are `row_alignment` and whose height is `height_alignment` aligned.
uint64_t PictureBytes(const TensorDesc& desc, uint64_t row_alignment, uint64_t height_alignment) {
  const PictureSize picture = PictureOf(desc.shape);
  const uint64_t width = AlignUp(picture.width, row_alignment);
  const uint64_t height = AlignUp(picture.height, height_alignment);
  switch (desc.element_type) {
    case ElementType::kNv12:
      return width * height / 2 * 3;
    case ElementType::kGray:
      return width * height;
    default:
      return AlignUp(picture.width * 4, row_alignment) * picture.height;
  }
}

// What a dump for `family` would measure; 0 where the families do not differ or cannot be told.
uint64_t DumpSize(const TensorDesc& desc, Family family) {
  const bool old = family == Family::k1x || family == Family::kQ;
  if (IsPicture(desc.element_type)) {
    const bool nv12 = desc.element_type == ElementType::kNv12;
    return old ? PictureBytes(desc, 16, 2) : PictureBytes(desc, nv12 ? 2 : 1, nv12 ? 2 : 1);
  }
  const auto rows = desc.shape.row_count();
  const auto innermost = static_cast<uint64_t>(desc.shape.innermost());
  const auto row = RawInputInnermost(family, desc.element_type, innermost);
  const auto size = rows ? CheckedMul(*rows, row * ElementSize(desc.element_type)) : rows;
  return size.value_or(0);
}

std::string FamiliesWithSize(const TensorDesc& desc, uint64_t size) {
  std::string names;
  for (const Family family : {Family::k1x, Family::kQ, Family::kS1, Family::kS3, Family::kS6}) {
    const uint64_t dump = DumpSize(desc, family);
    if (dump != 0 && (size == dump || size == AlignUp(dump, kBufferAlignment))) {
      names += names.empty() ? "" : ", ";
      names += FamilyName(family);
    }
  }
  return names;
}

}  // namespace

uint64_t InputPayload(const TensorDesc& desc) {
  if (desc.payload_size != 0) {
    return desc.payload_size;
  }
  if (IsPicture(desc.element_type)) {
    const uint64_t bytes =
        PictureBytes(desc, std::max(desc.width_alignment, 1U), std::max(desc.height_alignment, 1U));
    return std::min(bytes, desc.aligned_size);
  }
  const auto region = ValidRegionOf(desc);
  return region.ok() ? region->extent() : desc.aligned_size;
}

Status CheckInputSize(const TensorDesc& desc, uint64_t size, const std::string& label) {
  const uint64_t payload = InputPayload(desc);
  if (size >= payload && size <= desc.aligned_size) {
    return OkStatus();
  }
  std::string message = "'" + EscapeForDisplay(label) + "' has " + std::to_string(size) +
                        " bytes, but input '" + EscapeForDisplay(desc.name) + "' takes " +
                        std::to_string(payload);
  if (desc.aligned_size != payload) {
    message += " to " + std::to_string(desc.aligned_size);
  }
  message += " (" + DescribeTensor(desc) + ")";
  const std::string families = FamiliesWithSize(desc, size);
  if (!families.empty()) {
    message += "; its size is that of a dump for family " + families;
  }
  return InvalidArgumentError(std::move(message))
      .WithReason(kReasonInputRefused)
      .WithHint(families.empty()
                    ? "make the input for this very model: plumb input make --model M --image P"
                    : "dump the input again with the offline model of this board's family");
}

}  // namespace plumb
