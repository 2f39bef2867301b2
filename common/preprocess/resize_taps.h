// Which source pixels make a target pixel, along one axis.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/preprocess/resize.h"

namespace plumb::preprocess {

struct Tap {
  std::array<size_t, 4> at{};
  std::array<float, 4> weight{};
};

struct Axis {
  size_t count = 1;  // of the four taps that are used
  std::vector<Tap> taps;
};

enum class AxisRole { kColumns, kRows };

// For kNearest, kBilinear, kCubic and, enlarging, kArea. Outside the border OpenCV's bilinear
// columns count the nearest pixel alone; its rows take the border pixel twice and keep both
// weights, which rounds differently.
Axis MakeAxis(Kernel kernel, Centres centres, uint32_t source, uint32_t target, AxisRole role);

// source / target as OpenCV computes it.
double ScaleOf(uint32_t source, uint32_t target);

// kArea where neither side grows: OpenCV's INTER_AREA.
Pixels ShrinkByArea(const Pixels& source, uint32_t width, uint32_t height);
RealPixels ShrinkByArea(const RealPixels& source, uint32_t width, uint32_t height);

// Pillow's BILINEAR on bytes: columns, then rows, each rounded to bytes.
Pixels ResizePillow(const Pixels& source, uint32_t width, uint32_t height);

}  // namespace plumb::preprocess
