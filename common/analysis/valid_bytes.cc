#include "common/analysis/valid_bytes.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "common/base/checked.h"
#include "common/tensor/convert.h"

namespace plumb::analysis {

uint64_t ValueSize(ElementType type) {
  const uint64_t element_size = ElementSize(type);
  const uint64_t values = ValuesIn(type, element_size);
  return values == 0 ? 0 : element_size / values;
}

uint64_t ValidBytesWithin(const ValidRegion& region, uint64_t available) {
  if (region.rows == 0) {
    return 0;
  }
  if (available >= region.extent()) {
    return region.valid_size();
  }
  if (region.contiguous()) {
    return available;
  }
  const uint64_t rows = available / region.row_pitch;
  const uint64_t rest = available % region.row_pitch;
  return rows * region.row_size + std::min(rest, region.row_size);
}

Status GatherValid(const ValidRegion& region,
                   uint64_t first,
                   const ReadRange& read,
                   std::vector<uint8_t>& scratch,
                   std::span<uint8_t> out) {
  if (region.contiguous()) {
    return read(first, out);
  }
  while (!out.empty()) {
    const uint64_t row = first / region.row_size;
    const uint64_t column = first % region.row_size;
    const uint64_t begin = row * region.row_pitch + column;
    if (region.row_pitch > kGatherScratch / 2) {
      const uint64_t size = std::min<uint64_t>(region.row_size - column, out.size());
      PLUMB_RETURN_IF_ERROR(read(begin, out.first(size)));
      out = out.subspan(size);
      first += size;
      continue;
    }
    // Several short rows at once: one read with their padding, then the rows out of it.
    const uint64_t last = first + out.size() - 1;
    const uint64_t end = last / region.row_size * region.row_pitch + last % region.row_size + 1;
    const uint64_t span = std::min<uint64_t>(end - begin, kGatherScratch);
    scratch.resize(span);
    PLUMB_RETURN_IF_ERROR(read(begin, scratch));
    uint64_t position = 0;
    uint64_t in_row = column;
    while (position < span && !out.empty()) {
      const uint64_t size =
          std::min({region.row_size - in_row, span - position, uint64_t{out.size()}});
      std::memcpy(out.data(), scratch.data() + position, size);
      out = out.subspan(size);
      first += size;
      position += size + (region.row_pitch - region.row_size);
      in_row = 0;
    }
  }
  return OkStatus();
}

ReadRange ReadFrom(std::span<const uint8_t> bytes) {
  return [bytes](uint64_t offset, std::span<uint8_t> out) -> Status {
    if (!RangeFits<uint64_t>(offset, out.size(), bytes.size())) {
      return OutOfRangeError("bytes " + std::to_string(offset) + " to " +
                             std::to_string(offset + out.size()) + " of a buffer of " +
                             std::to_string(bytes.size()));
    }
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return OkStatus();
  };
}

}  // namespace plumb::analysis
