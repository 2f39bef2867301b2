// A picture on its way to a network's input.
#pragma once

#include <cstdint>
#include <vector>

#include "common/image/image.h"

namespace plumb::preprocess {

// What the network was trained with.
enum class ColorOrder : uint8_t { kRgb, kBgr, kGray };

// Bytes of pixels, row-major, channels innermost, no padding.
struct Pixels {
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t channels = 0;  // 1, 3 or 4
  std::vector<uint8_t> data;

  friend bool operator==(const Pixels&, const Pixels&) = default;
};

Pixels PixelsOf(image::Image image);

}  // namespace plumb::preprocess
