#include "common/preprocess/resize.h"

#include <algorithm>
#include <cmath>

namespace plumb::preprocess {
namespace {

constexpr float kWeightOne = 2048.0F;  // 11 bits

// For each target coordinate: the two source coordinates and their weights.
struct Tap {
  size_t first = 0;
  size_t second = 0;
  int32_t first_weight = 0;
  int32_t second_weight = 0;
};

// `clamp_weight`: outside the border the nearest pixel alone counts (OpenCV's columns); otherwise
// both taps are the border pixel and keep their weights (its rows). The two differ in rounding.
std::vector<Tap> MakeTaps(uint32_t source_size, uint32_t target_size, bool clamp_weight) {
  const double scale = static_cast<double>(source_size) / target_size;
  const auto last = static_cast<int64_t>(source_size) - 1;
  std::vector<Tap> taps(target_size);
  for (uint32_t i = 0; i < target_size; ++i) {
    const auto position = static_cast<float>((i + 0.5) * scale - 0.5);
    auto base = static_cast<int64_t>(std::floor(position));
    float fraction = position - static_cast<float>(base);
    if (clamp_weight && (base < 0 || base >= last)) {
      base = std::clamp<int64_t>(base, 0, last);
      fraction = 0;
    }
    taps[i].first = static_cast<size_t>(std::clamp<int64_t>(base, 0, last));
    taps[i].second = static_cast<size_t>(std::clamp<int64_t>(base + 1, 0, last));
    taps[i].first_weight = static_cast<int32_t>(std::nearbyint((1.0F - fraction) * kWeightOne));
    taps[i].second_weight = static_cast<int32_t>(std::nearbyint(fraction * kWeightOne));
  }
  return taps;
}

std::vector<int32_t> StretchRow(const Pixels& source, size_t y, const std::vector<Tap>& columns) {
  const size_t channels = source.channels;
  const uint8_t* row = source.data.data() + y * source.width * channels;
  std::vector<int32_t> result;
  result.reserve(columns.size() * channels);
  for (const Tap& tap : columns) {
    for (size_t c = 0; c < channels; ++c) {
      result.push_back(row[tap.first * channels + c] * tap.first_weight +
                       row[tap.second * channels + c] * tap.second_weight);
    }
  }
  return result;
}

}  // namespace

Result<Pixels> StretchLinear(const Pixels& source, uint32_t width, uint32_t height) {
  if (source.width == 0 || source.height == 0 || source.channels == 0 ||
      source.data.size() != size_t{source.width} * source.height * source.channels) {
    return InvalidArgumentError("there is no picture to resize");
  }
  if (width == 0 || height == 0 || width > image::kMaxSide || height > image::kMaxSide) {
    return InvalidArgumentError("a picture cannot be resized to " + std::to_string(width) + "x" +
                                std::to_string(height));
  }
  if (width == source.width && height == source.height) {
    return source;
  }
  const std::vector<Tap> columns = MakeTaps(source.width, width, true);
  const std::vector<Tap> rows = MakeTaps(source.height, height, false);
  Pixels target{width, height, source.channels, {}};
  target.data.reserve(size_t{width} * height * source.channels);
  for (const Tap& tap : rows) {
    const std::vector<int32_t> above = StretchRow(source, tap.first, columns);
    const std::vector<int32_t> below = StretchRow(source, tap.second, columns);
    for (size_t i = 0; i < above.size(); ++i) {
      const int32_t sum = ((tap.first_weight * (above[i] >> 4)) >> 16) +
                          ((tap.second_weight * (below[i] >> 4)) >> 16);
      target.data.push_back(static_cast<uint8_t>((sum + 2) >> 2));
    }
  }
  return target;
}

}  // namespace plumb::preprocess
