#include "common/analysis/valid_bytes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "common/base/checked.h"
#include "common/tensor/convert.h"

namespace plumb::analysis {
namespace {

// A call of memcpy for a row of a few dozen bytes costs more than copying them.
constexpr size_t kStep = 32;
constexpr size_t kMostSteps = 8;

// `steps` steps of each of `rows` rows; what is copied beyond a row is overwritten by the next one.
template <size_t steps>
void CopyShortRows(const ValidRegion& region, uint64_t rows, const uint8_t* source, uint8_t* to) {
  for (uint64_t row = 0; row < rows; ++row) {
    for (size_t step = 0; step < steps; ++step) {
      std::memcpy(to + step * kStep, source + step * kStep, kStep);
    }
    source += region.row_pitch;
    to += region.row_size;
  }
}

using CopyRowsInSteps = void (*)(const ValidRegion&, uint64_t, const uint8_t*, uint8_t*);
constexpr std::array<CopyRowsInSteps, kMostSteps> kCopies = {CopyShortRows<1>,
                                                             CopyShortRows<2>,
                                                             CopyShortRows<3>,
                                                             CopyShortRows<4>,
                                                             CopyShortRows<5>,
                                                             CopyShortRows<6>,
                                                             CopyShortRows<7>,
                                                             CopyShortRows<8>};

// How many whole rows may be copied in steps without leaving either span.
uint64_t ShortRowsWithin(const ValidRegion& region, uint64_t raw_size, uint64_t out_size) {
  const uint64_t reach = (region.row_size + kStep - 1) / kStep * kStep;
  if (reach > kMostSteps * kStep || raw_size < reach || out_size < reach) {
    return 0;
  }
  return std::min((raw_size - reach) / region.row_pitch, (out_size - reach) / region.row_size) + 1;
}

// Copies as many valid bytes as both spans allow and returns how many. `raw` begins in a row, at
// `column`.
uint64_t CopyRows(const ValidRegion& region,
                  uint64_t column,
                  std::span<const uint8_t> raw,
                  std::span<uint8_t> out) {
  const uint64_t wanted = out.size();
  while (!raw.empty() && !out.empty()) {
    const uint64_t rows = column == 0 ? ShortRowsWithin(region, raw.size(), out.size()) : 0;
    if (rows > 0) {
      kCopies.at((region.row_size - 1) / kStep)(region, rows, raw.data(), out.data());
      raw = raw.subspan(std::min<uint64_t>(rows * region.row_pitch, raw.size()));
      out = out.subspan(rows * region.row_size);
      continue;
    }
    const auto size = std::min<uint64_t>({region.row_size - column, raw.size(), out.size()});
    std::memcpy(out.data(), raw.data(), size);
    raw = raw.subspan(std::min<uint64_t>(region.row_pitch - column, raw.size()));
    out = out.subspan(size);
    column = 0;
  }
  return wanted - out.size();
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

uint64_t RawOffset(const ValidRegion& region, uint64_t valid_byte) {
  if (region.contiguous() || region.row_size == 0) {
    return valid_byte;
  }
  return valid_byte / region.row_size * region.row_pitch + valid_byte % region.row_size;
}

void CopyValid(const ValidRegion& region,
               uint64_t first,
               std::span<const uint8_t> raw,
               std::span<uint8_t> out) {
  if (region.contiguous()) {
    std::memcpy(out.data(), raw.data() + first, out.size());
    return;
  }
  CopyRows(region, first % region.row_size, raw.subspan(RawOffset(region, first)), out);
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
    const uint64_t column = first % region.row_size;
    const uint64_t begin = RawOffset(region, first);
    uint64_t taken = std::min<uint64_t>(region.row_size - column, out.size());
    if (region.row_pitch > kGatherScratch / 2) {
      PLUMB_RETURN_IF_ERROR(read(begin, out.first(taken)));
    } else {
      // Several short rows at once: one read with their padding, then the rows out of it.
      const uint64_t last = first + out.size() - 1;
      const uint64_t end = RawOffset(region, last) + 1;
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
