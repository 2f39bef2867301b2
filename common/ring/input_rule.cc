#include "common/ring/input_rule.h"

#include <algorithm>

#include "common/base/checked.h"
#include "common/base/text.h"
#include "common/ring/input_sizes.h"
#include "common/runner/failure.h"

namespace plumb {
namespace {

// A picture without a reported payload is of an interface that reports no alignments either: the
// one of the known layouts that fills the buffer is its own.
uint64_t PicturePayload(const TensorDesc& desc) {
  const bool wide =
      desc.element_type == ElementType::kArgb8888 || desc.element_type == ElementType::kAbgr8888;
  const uint64_t reported_width = uint64_t{std::max(desc.width_alignment, 1U)} * (wide ? 4 : 1);
  const uint64_t reported_height = std::max(desc.height_alignment, 1U);
  for (const auto& size : {DumpSize(desc, Family::k1x),
                           DumpSize(desc, Family::kS6),
                           PictureBytes(desc, reported_width, reported_height)}) {
    if (size && (*size == desc.aligned_size ||
                 CheckedAlignUp(*size, kBufferAlignment) == desc.aligned_size)) {
      return *size;
    }
  }
  return desc.aligned_size;
}

}  // namespace

uint64_t InputPayload(const TensorDesc& desc) {
  if (desc.payload_size != 0) {
    return desc.payload_size;
  }
  if (IsPicture(desc.element_type)) {
    return PicturePayload(desc);
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
  message += " (" + DescribeTensor(desc) + "); a dump of it has " + SizesOfFamilies(desc);
  const SizeCause cause = LikelyCause(desc, payload, size);
  message += cause.text.empty() ? "" : ": " + cause.text;
  return InvalidArgumentError(std::move(message))
      .WithReason(kReasonInputRefused)
      .WithHint(cause.hint);
}

}  // namespace plumb
