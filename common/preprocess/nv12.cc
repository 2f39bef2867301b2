#include "common/preprocess/nv12.h"

#include <algorithm>

#include "common/base/checked.h"

namespace plumb::preprocess {
namespace {

constexpr int kOne = 1024;

struct Yuv {
  int y;  // each times kOne, without the 128 of U and V
  int u;
  int v;
};

class Picture {
 public:
  explicit Picture(const Pixels& pixels) : pixels_(pixels) {}

  // The pixel there; beyond the edge the last one.
  [[nodiscard]] Yuv At(uint32_t x, uint32_t y) const {
    const size_t place =
        (size_t{std::min(y, pixels_.height - 1)} * pixels_.width + std::min(x, pixels_.width - 1)) *
        3;
    const int r = pixels_.data[place];
    const int g = pixels_.data[place + 1];
    const int b = pixels_.data[place + 2];
    return {218 * r + 732 * g + 74 * b, -117 * r - 395 * g + 512 * b, 512 * r - 465 * g - 47 * b};
  }

 private:
  const Pixels& pixels_;
};

// floor(value / unit + 1/2) + offset, as a byte.
uint8_t Rounded(int value, int unit, int offset) {
  const int shifted = value + unit / 2 + 256 * unit;  // not negative, so that / rounds down
  return static_cast<uint8_t>(std::clamp(shifted / unit - 256 + offset, 0, 255));
}

void WriteColor(const Pixels& pixels, uint64_t pitch, uint64_t rows, std::vector<uint8_t>& bytes) {
  const Picture picture(pixels);
  for (uint32_t y = 0; y < pixels.height; ++y) {
    for (uint32_t x = 0; x < pixels.width; ++x) {
      bytes[y * pitch + x] = Rounded(picture.At(x, y).y, kOne, 0);
    }
  }
  for (uint32_t y = 0; y < pixels.height; y += 2) {
    for (uint32_t x = 0; x < pixels.width; x += 2) {
      const Yuv a = picture.At(x, y);
      const Yuv b = picture.At(x + 1, y);
      const Yuv c = picture.At(x, y + 1);
      const Yuv d = picture.At(x + 1, y + 1);
      const uint64_t place = (rows + y / 2) * pitch + x;
      bytes[place] = Rounded(a.u + b.u + c.u + d.u, 4 * kOne, 128);
      bytes[place + 1] = Rounded(a.v + b.v + c.v + d.v, 4 * kOne, 128);
    }
  }
}

}  // namespace

Result<std::vector<uint8_t>> EncodeNv12(const Pixels& pixels, Family family) {
  const bool old = family == Family::k1x || family == Family::kQ;
  const uint64_t count = uint64_t{pixels.width} * pixels.height;
  if ((pixels.channels != 1 && pixels.channels != 3) || count == 0 || count > image::kMaxPixels ||
      pixels.data.size() != count * pixels.channels) {
    return InvalidArgumentError("YUV_NV12 is made of pixels with one or three channels");
  }
  const uint64_t pitch =
      CheckedAlignUp(uint64_t{pixels.width}, uint64_t{old ? 16U : 2U}).value_or(0);
  const uint64_t rows = CheckedAlignUp(uint64_t{pixels.height}, uint64_t{2}).value_or(0);
  std::vector<uint8_t> bytes(static_cast<size_t>(pitch * rows / 2 * 3), 0);
  if (pixels.channels == 3) {
    WriteColor(pixels, pitch, rows, bytes);
    return bytes;
  }
  for (uint64_t y = 0; y < pixels.height; ++y) {
    std::copy_n(pixels.data.begin() + static_cast<ptrdiff_t>(y * pixels.width),
                pixels.width,
                bytes.begin() + static_cast<ptrdiff_t>(y * pitch));
  }
  return bytes;
}

}  // namespace plumb::preprocess
