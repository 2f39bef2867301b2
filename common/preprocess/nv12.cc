#include "common/preprocess/nv12.h"

#include <algorithm>
#include <array>

#include "common/base/checked.h"

namespace plumb::preprocess {
namespace {

// Weights of R, G, B and what is added, all times `one`.
struct Row {
  std::array<int64_t, 3> weight{};
  int64_t offset = 0;
};

struct Matrix {
  int64_t one = 1024;
  Row y;
  Row u;
  Row v;
};

constexpr int64_t kVendorOne = 1024;
constexpr int64_t kOne = int64_t{1} << 20;

constexpr std::array<Matrix, 4> kMatrices = {Matrix{kVendorOne,
                                                    {{218, 732, 74}, 0},
                                                    {{-117, -395, 512}, 128 * kVendorOne},
                                                    {{512, -465, -47}, 128 * kVendorOne}},
                                             Matrix{kOne,
                                                    {{269484, 528482, 102760}, 16 * kOne},
                                                    {{-155188, -305135, 460324}, 128 * kOne},
                                                    {{460324, -385875, -74448}, 128 * kOne}},
                                             Matrix{kOne,
                                                    {{313524, 615514, 119538}, 0},
                                                    {{-176932, -347356, 524288}, 128 * kOne},
                                                    {{524288, -439026, -85262}, 128 * kOne}},
                                             Matrix{kOne,
                                                    {{191455, 644068, 65019}, 16 * kOne},
                                                    {{-105533, -355018, 460551}, 128 * kOne},
                                                    {{460551, -418321, -42230}, 128 * kOne}}};

// Which of the four pixels of a 2 × 2 block count; each as often as the divisor says.
struct Siting {
  bool right = true;
  bool below = true;
  int64_t count = 4;
};

Siting SitingOf(Nv12Chroma chroma) {
  switch (chroma) {
    case Nv12Chroma::kMean:
      break;
    case Nv12Chroma::kTopLeft:
      return {false, false, 1};
    case Nv12Chroma::kLeft:
      return {false, true, 2};
    case Nv12Chroma::kTop:
      return {true, false, 2};
  }
  return {};
}

// value / unit as a byte, exactly; `value` may be negative.
uint8_t Rounded(int64_t value, int64_t unit, Rounding rounding) {
  int64_t whole = value / unit - (value % unit < 0 ? 1 : 0);
  const int64_t twice = 2 * (value - whole * unit);  // 0 … 2 · unit − 1
  switch (rounding) {
    case Rounding::kTruncate:
      break;
    case Rounding::kHalfEven:
      whole += twice > unit || (twice == unit && whole % 2 != 0) ? 1 : 0;
      break;
    case Rounding::kHalfAway:  // a byte's values are not negative, so away is up
    case Rounding::kHalfUp:
      whole += twice >= unit ? 1 : 0;
      break;
  }
  return static_cast<uint8_t>(std::clamp<int64_t>(whole, 0, 255));
}

class Picture {
 public:
  explicit Picture(const Pixels& pixels) : pixels_(pixels) {}

  // Beyond the edge the last pixel.
  [[nodiscard]] int64_t At(uint32_t x, uint32_t y, const Row& row) const {
    const size_t place =
        (size_t{std::min(y, pixels_.height - 1)} * pixels_.width + std::min(x, pixels_.width - 1)) *
        3;
    const uint8_t* rgb = pixels_.data.data() + place;
    return row.weight[0] * rgb[0] + row.weight[1] * rgb[1] + row.weight[2] * rgb[2] + row.offset;
  }

  [[nodiscard]] int64_t Sum(uint32_t x, uint32_t y, const Row& row, const Siting& siting) const {
    int64_t sum = At(x, y, row);
    sum += siting.right ? At(x + 1, y, row) : 0;
    sum += siting.below ? At(x, y + 1, row) : 0;
    return sum + (siting.right && siting.below ? At(x + 1, y + 1, row) : 0);
  }

 private:
  const Pixels& pixels_;
};

void WriteColor(const Pixels& pixels,
                const Nv12Rule& rule,
                const Nv12Layout& layout,
                std::span<uint8_t> bytes) {
  const Picture picture(pixels);
  const Matrix& matrix = kMatrices.at(static_cast<size_t>(rule.matrix));
  for (uint32_t y = 0; y < pixels.height; ++y) {
    for (uint32_t x = 0; x < pixels.width; ++x) {
      bytes[y * layout.pitch + x] = Rounded(picture.At(x, y, matrix.y), matrix.one, rule.rounding);
    }
  }
  const Siting siting = SitingOf(rule.chroma);
  const int64_t unit = matrix.one * siting.count;
  for (uint32_t y = 0; y < pixels.height; y += 2) {
    for (uint32_t x = 0; x < pixels.width; x += 2) {
      const uint64_t place = (layout.rows + y / 2) * layout.pitch + x;
      const uint8_t u = Rounded(picture.Sum(x, y, matrix.u, siting), unit, rule.rounding);
      const uint8_t v = Rounded(picture.Sum(x, y, matrix.v, siting), unit, rule.rounding);
      bytes[place] = rule.v_first ? v : u;
      bytes[place + 1] = rule.v_first ? u : v;
    }
  }
}

bool Fits(const Pixels& pixels, const Nv12Layout& layout, uint64_t size) {
  const auto plane = CheckedMul(layout.pitch, layout.rows);
  return layout.pitch % 2 == 0 && layout.rows % 2 == 0 && layout.pitch >= pixels.width &&
         layout.rows >= pixels.height && plane && *plane <= size && size - *plane == *plane / 2;
}

}  // namespace

Nv12Rule DefaultNv12(Family family) {
  Nv12Rule rule;
  const bool old = family == Family::k1x || family == Family::kQ;
  rule.rounding = old ? Rounding::kHalfEven : Rounding::kHalfUp;
  return rule;
}

Status EncodeNv12(const Pixels& pixels,
                  const Nv12Rule& rule,
                  const Nv12Layout& layout,
                  std::span<uint8_t> bytes) {
  const uint64_t count = uint64_t{pixels.width} * pixels.height;
  if ((pixels.channels != 1 && pixels.channels != 3) || count == 0 || count > image::kMaxPixels ||
      pixels.data.size() != count * pixels.channels) {
    return InvalidArgumentError("YUV_NV12 is made of pixels with one or three channels");
  }
  if (!Fits(pixels, layout, bytes.size())) {
    return InvalidArgumentError("a YUV_NV12 buffer with rows of " + std::to_string(layout.pitch) +
                                " bytes and " + std::to_string(layout.rows) +
                                " rows does not hold the picture, or one of them is odd");
  }
  if (pixels.channels == 3) {
    WriteColor(pixels, rule, layout, bytes);
    return OkStatus();
  }
  for (uint64_t y = 0; y < pixels.height; ++y) {
    std::copy_n(pixels.data.begin() + static_cast<ptrdiff_t>(y * pixels.width),
                pixels.width,
                bytes.begin() + static_cast<ptrdiff_t>(y * layout.pitch));
  }
  return OkStatus();
}

}  // namespace plumb::preprocess
