#include "common/preprocess/board_input.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "common/base/checked.h"
#include "common/preprocess/buffer.h"

namespace plumb::preprocess {
namespace {

void AppendLittleEndian(std::vector<uint8_t>& bytes, uint32_t value, unsigned size) {
  for (unsigned i = 0; i < size; ++i) {
    bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }
}

}  // namespace

PictureAlignment GrayAlignment(Family family) {
  return PadsInputs(family) ? PictureAlignment{16, 2} : PictureAlignment{1, 1};
}

PictureAlignment FourChannelAlignment(Family family) {
  return PadsInputs(family) ? PictureAlignment{16, 1} : PictureAlignment{1, 1};
}

Result<Pixels> AddAlpha(const Pixels& rgb, AlphaOrder order) {
  if (rgb.channels != 3) {
    return InvalidArgumentError("a fourth channel is added to three, the picture has " +
                                std::to_string(rgb.channels));
  }
  Pixels result{rgb.width, rgb.height, 4, {}};
  result.data.reserve(rgb.data.size() / 3 * 4);
  const bool blue_first = order == AlphaOrder::kBgra;
  for (size_t i = 0; i + 2 < rgb.data.size(); i += 3) {
    result.data.push_back(rgb.data[i + (blue_first ? 2 : 0)]);
    result.data.push_back(rgb.data[i + 1]);
    result.data.push_back(rgb.data[i + (blue_first ? 0 : 2)]);
    result.data.push_back(255);
  }
  return result;
}

Result<std::vector<uint8_t>> AlignPicture(const Pixels& pixels, const PictureAlignment& alignment) {
  const uint64_t row = uint64_t{pixels.width} * pixels.channels;
  if (pixels.data.size() != row * pixels.height || alignment.row_bytes == 0 ||
      alignment.rows == 0) {
    return InvalidArgumentError("the picture's pixels do not fit its size");
  }
  const auto pitch = CheckedAlignUp<uint64_t>(row, alignment.row_bytes);
  const auto rows = CheckedAlignUp<uint64_t>(pixels.height, alignment.rows);
  const auto size = pitch && rows ? CheckedMul(*pitch, *rows) : std::nullopt;
  if (!size || *size > image::kMaxPixels * 4) {
    return InvalidArgumentError("the aligned picture would be too large");
  }
  std::vector<uint8_t> bytes(*size, 0);
  for (uint64_t y = 0; y < pixels.height; ++y) {
    const auto from = pixels.data.begin() + static_cast<ptrdiff_t>(y * row);
    std::copy_n(from, row, bytes.begin() + static_cast<ptrdiff_t>(y * *pitch));
  }
  return bytes;
}

Result<std::vector<int16_t>> QuantizeS16(std::span<const float> values,
                                         float scale,
                                         Family family,
                                         const QuantizeRule& rule) {
  if (!std::isfinite(scale) || scale <= 0) {
    return InvalidArgumentError("an input scale of " + std::to_string(scale) + " is unusable");
  }
  const float lowest = PadsInputs(family) ? -32768.0F : -32767.0F;
  std::vector<int16_t> result;
  result.reserve(values.size());
  for (const float value : values) {
    const float quotient = std::isnan(value) ? 0.0F : value / scale;
    const double whole = Round(static_cast<double>(quotient), rule.rounding) + rule.zero_point;
    result.push_back(static_cast<int16_t>(std::clamp(whole, static_cast<double>(lowest), 32767.0)));
  }
  return result;
}

Result<std::vector<uint8_t>> AlignS16(std::span<const int16_t> values,
                                      uint64_t innermost,
                                      Family family) {
  if (innermost == 0 || values.size() % innermost != 0) {
    return InvalidArgumentError(std::to_string(values.size()) + " values are no whole rows of " +
                                std::to_string(innermost));
  }
  const uint64_t padded = RawInputInnermost(family, ElementType::kInt16, innermost);
  std::vector<uint8_t> bytes;
  bytes.reserve(values.size() / innermost * padded * sizeof(int16_t));
  for (size_t start = 0; start < values.size(); start += innermost) {
    for (uint64_t i = 0; i < padded; ++i) {
      const int16_t value = i < innermost ? values[start + i] : int16_t{0};
      AppendLittleEndian(bytes, static_cast<uint16_t>(value), sizeof(int16_t));
    }
  }
  return bytes;
}

std::vector<uint8_t> FloatBytes(std::span<const float> values) {
  std::vector<uint8_t> bytes;
  bytes.reserve(values.size() * sizeof(float));
  for (const float value : values) {
    AppendLittleEndian(bytes, std::bit_cast<uint32_t>(value), sizeof(float));
  }
  return bytes;
}

}  // namespace plumb::preprocess
