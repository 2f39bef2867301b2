#include "common/tensor/tensor_desc.h"

#include "common/base/checked.h"
#include "common/base/text.h"

namespace plumb {
namespace {

Status Bad(const TensorDesc& desc, const std::string& what) {
  return InvalidArgumentError("tensor '" + EscapeForDisplay(desc.name) + "': " + what);
}

// The bytes of a picture buffer: its descriptor carries them, the shape does not.
Result<ValidRegion> PictureRegion(const TensorDesc& desc) {
  const uint64_t size = desc.payload_size != 0 ? desc.payload_size : desc.aligned_size;
  if (size > desc.aligned_size) {
    return Bad(desc, "its payload of " + std::to_string(size) + " bytes is larger than its buffer");
  }
  return ValidRegion{1, size, size};
}

}  // namespace

Result<ValidRegion> ValidRegionOf(const TensorDesc& desc) {
  const uint64_t element_size = ElementSize(desc.element_type);
  if (element_size == 0) {
    return Bad(desc, "its element format is unknown");
  }
  if (desc.aligned_size > kMaxTensorSize) {
    return Bad(desc, "a buffer of " + std::to_string(desc.aligned_size) + " bytes is too large");
  }
  if (IsPicture(desc.element_type)) {
    return PictureRegion(desc);
  }
  const auto rows = desc.shape.row_count();
  const auto row_size = CheckedMul(static_cast<uint64_t>(desc.shape.innermost()), element_size);
  if (!rows || !row_size) {
    return Bad(desc, "the shape " + desc.shape.ToString() + " is too large");
  }
  ValidRegion region{*rows, *row_size, desc.inner_stride == 0 ? *row_size : desc.inner_stride};
  if (*row_size == 0) {
    region.rows = 0;
  }
  // Also of a single row, where nothing would be read by it: a stride that cannot be is a lie.
  if (region.rows > 0 && region.row_pitch < region.row_size) {
    return Bad(desc,
               "the inner stride of " + std::to_string(region.row_pitch) +
                   " bytes is less than a row of " + std::to_string(region.row_size));
  }
  if (region.rows > 0) {
    const auto before_last = CheckedMul(region.rows - 1, region.row_pitch);
    const auto extent = before_last ? CheckedAdd(*before_last, region.row_size) : before_last;
    if (!extent || *extent > desc.aligned_size) {
      return Bad(desc,
                 "the shape " + desc.shape.ToString() + " needs more than the " +
                     std::to_string(desc.aligned_size) + " bytes of its buffer");
    }
  }
  return region;
}

uint64_t ElementCount(const TensorDesc& desc) {
  const auto region = ValidRegionOf(desc);
  const uint32_t element_size = ElementSize(desc.element_type);
  return region.ok() && element_size != 0 ? region->valid_size() / element_size : 0;
}

Result<TensorDesc> MakeContiguousDesc(std::string name, ElementType type, const Shape& shape) {
  TensorDesc desc;
  desc.name = std::move(name);
  desc.element_type = type;
  desc.shape = shape;
  const auto count = shape.element_count();
  const auto size =
      count ? CheckedMul(*count, static_cast<uint64_t>(ElementSize(type))) : std::nullopt;
  if (!size || *size > kMaxTensorSize) {
    return Bad(desc, "the shape " + shape.ToString() + " is too large");
  }
  desc.aligned_size = *size;
  desc.payload_size = *size;
  return desc;
}

std::string DescribeTensor(const TensorDesc& desc) {
  std::string text = EscapeForDisplay(desc.name) + " " +
                     std::string(ElementTypeName(desc.element_type)) + "[" + desc.shape.ToString() +
                     "]";
  if (desc.inner_stride != 0) {
    text += " stride " + std::to_string(desc.inner_stride);
  }
  if (IsInteger(desc.element_type) && desc.scale != 0) {
    text += " scale " + ShortestDouble(static_cast<double>(desc.scale)) + " zero point " +
            std::to_string(desc.zero_point);
  }
  return text + ", " + std::to_string(desc.aligned_size) + " bytes";
}

}  // namespace plumb
