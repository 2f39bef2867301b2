#include "common/npu/io/nv12.h"

#include <algorithm>

namespace plumb::npu {
namespace {

constexpr int kOne = 1024;

uint8_t Pixel(int luma, int chroma) {
  // Moved above zero so that the division rounds down.
  const int value = luma * kOne + chroma + kOne / 2 + 512 * kOne;
  return static_cast<uint8_t>(std::clamp(value / kOne - 512, 0, 255));
}

}  // namespace

std::array<uint8_t, 3> Nv12Picture::Rgb(size_t x, size_t y) const {
  const uint8_t* pair = bytes + (rows + y / 2) * pitch + x / 2 * 2;
  const int luma = Luma(x, y);
  const int u = pair[0] - 128;
  const int v = pair[1] - 128;
  return {Pixel(luma, 1612 * v), Pixel(luma, -192 * u - 480 * v), Pixel(luma, 1900 * u)};
}

}  // namespace plumb::npu
