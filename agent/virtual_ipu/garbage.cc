#include "agent/virtual_ipu/garbage.h"

#include <algorithm>
#include <cstring>

namespace plumb::virtual_ipu {

void Garbage::Fill(std::span<uint8_t> bytes) {
  while (!bytes.empty()) {
    const uint64_t word = engine_();
    const size_t size = std::min(bytes.size(), sizeof word);
    std::memcpy(bytes.data(), &word, size);
    bytes = bytes.subspan(size);
  }
}

void Garbage::FillPadding(const ValidRegion& region, std::span<uint8_t> buffer) {
  if (!region.contiguous()) {
    for (uint64_t row = 0; row + 1 < region.rows; ++row) {
      const uint64_t end_of_row = row * region.row_pitch + region.row_size;
      Fill(buffer.subspan(end_of_row, region.row_pitch - region.row_size));
    }
  }
  Fill(buffer.subspan(std::min<uint64_t>(region.extent(), buffer.size())));
}

}  // namespace plumb::virtual_ipu
