#include "server/core/valid_difference.h"

#include <algorithm>

namespace plumb::server {

Result<std::optional<uint64_t>> FirstValidDifference(const TensorDesc& desc,
                                                     uint64_t offset,
                                                     std::span<const uint8_t> a,
                                                     std::span<const uint8_t> b) {
  PLUMB_ASSIGN_OR_RETURN(const ValidRegion region, ValidRegionOf(desc));
  const uint32_t element_size = ElementSize(desc.element_type);
  if (region.rows == 0 || region.row_size == 0 || element_size == 0) {
    return std::optional<uint64_t>();
  }
  const uint64_t end = offset + std::min(a.size(), b.size());
  for (uint64_t row = offset / region.row_pitch; row < region.rows; ++row) {
    const uint64_t row_begin = row * region.row_pitch;
    if (row_begin >= end) {
      break;
    }
    const uint64_t from = std::max(row_begin, offset);
    const uint64_t to = std::min(row_begin + region.row_size, end);
    if (from >= to) {
      continue;
    }
    const auto* const first = a.data() + (from - offset);
    const auto* const last = a.data() + (to - offset);
    const auto* const found = std::mismatch(first, last, b.data() + (from - offset)).first;
    if (found != last) {
      const uint64_t byte = from + static_cast<uint64_t>(found - first) - row_begin;
      return std::optional<uint64_t>((row * region.row_size + byte) / element_size);
    }
  }
  return std::optional<uint64_t>();
}

}  // namespace plumb::server
