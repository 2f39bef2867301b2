#include "common/analysis/valid_bytes.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "common/base/checked.h"
#include "common/tensor/convert.h"

namespace plumb::analysis {
namespace {

// A call of memcpy for a row of a few dozen bytes costs more than copying them.
constexpr size_t kStep = 32;

// Copies as many valid bytes as both spans allow and returns how many. `raw` begins in a row, at
// `column`.
uint64_t CopyRows(const ValidRegion& region,
                  uint64_t column,
                  std::span<const uint8_t> raw,
                  std::span<uint8_t> out) {
  const uint8_t* source = raw.data();
  const uint8_t* const source_end = source + raw.size();
  uint8_t* to = out.data();
  uint8_t* const to_end = to + out.size();
  uint64_t row_rest = region.row_size - column;
  const uint64_t padding = region.row_pitch - region.row_size;
  while (source < source_end && to < to_end) {
    const auto source_rest = static_cast<uint64_t>(source_end - source);
    const auto to_rest = static_cast<uint64_t>(to_end - to);
    const uint64_t size = std::min({row_rest, source_rest, to_rest});
    const uint64_t whole_steps = (size + kStep - 1) / kStep * kStep;
    if (size <= 8 * kStep && whole_steps <= std::min(source_rest, to_rest)) {
      // The bytes beyond the row are overwritten by the next one.
      for (uint64_t at = 0; at < size; at += kStep) {
        std::memcpy(to + at, source + at, kStep);
      }
    } else {
      std::memcpy(to, source, size);
    }
    to += size;
    source += std::min(size + padding, source_rest);
    row_rest = region.row_size;
  }
  return static_cast<uint64_t>(to - out.data());
}

}  // namespace

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

void CopyValid(const ValidRegion& region,
               uint64_t first,
               std::span<const uint8_t> raw,
               std::span<uint8_t> out) {
  if (region.contiguous()) {
    std::memcpy(out.data(), raw.data() + first, out.size());
    return;
  }
  const uint64_t row = first / region.row_size;
  const uint64_t column = first % region.row_size;
  CopyRows(region, column, raw.subspan(row * region.row_pitch + column), out);
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
    uint64_t taken = std::min<uint64_t>(region.row_size - column, out.size());
    if (region.row_pitch > kGatherScratch / 2) {
      PLUMB_RETURN_IF_ERROR(read(begin, out.first(taken)));
    } else {
      // Several short rows at once: one read with their padding, then the rows out of it.
      const uint64_t last = first + out.size() - 1;
      const uint64_t end = last / region.row_size * region.row_pitch + last % region.row_size + 1;
      scratch.resize(std::min<uint64_t>(end - begin, kGatherScratch));
      PLUMB_RETURN_IF_ERROR(read(begin, scratch));
      taken = CopyRows(region, column, scratch, out);
    }
    out = out.subspan(taken);
    first += taken;
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
