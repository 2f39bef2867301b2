#include <algorithm>
#include <cmath>
#include <type_traits>

#include "common/preprocess/resize_taps.h"

namespace plumb::preprocess {
namespace {

// One source pixel's share of a target pixel.
struct Share {
  size_t target = 0;
  size_t source = 0;
  float weight = 0;
};

std::vector<Share> SharesOf(uint32_t source, uint32_t target) {
  constexpr double kTooLittle = 1e-3;
  const double scale = ScaleOf(source, target);
  std::vector<Share> shares;
  for (size_t i = 0; i < target; ++i) {
    const double begin = static_cast<double>(i) * scale;
    const double end = begin + scale;
    const double cell = std::min(scale, source - begin);
    const auto last =
        std::min(static_cast<int64_t>(std::floor(end)), static_cast<int64_t>(source) - 1);
    const auto first = std::min(static_cast<int64_t>(std::ceil(begin)), last);
    const auto add = [&](int64_t place, double weight) {
      shares.push_back({i, static_cast<size_t>(place), static_cast<float>(weight / cell)});
    };
    if (static_cast<double>(first) - begin > kTooLittle) {
      add(first - 1, static_cast<double>(first) - begin);
    }
    for (int64_t place = first; place < last; ++place) {
      add(place, 1.0);
    }
    if (end - static_cast<double>(last) > kTooLittle) {
      add(last, std::min(std::min(end - static_cast<double>(last), 1.0), cell));
    }
  }
  return shares;
}

template <class T>
T Rounded(float value) {
  if constexpr (std::is_same_v<T, uint8_t>) {
    return static_cast<uint8_t>(std::clamp(std::nearbyint(value), 0.0F, 255.0F));
  } else {
    return value;
  }
}

template <class Image>
Image Shrink(const Image& source, uint32_t width, uint32_t height) {
  using T = typename decltype(Image::data)::value_type;
  const size_t channels = source.channels;
  const std::vector<Share> columns = SharesOf(source.width, width);
  const std::vector<Share> rows = SharesOf(source.height, height);
  Image target{width, height, source.channels, {}};
  target.data.reserve(size_t{width} * height * channels);
  std::vector<float> line(width * channels);
  std::vector<float> sum(width * channels, 0.0F);
  for (size_t k = 0; k < rows.size(); ++k) {
    std::fill(line.begin(), line.end(), 0.0F);
    const T* row = source.data.data() + rows[k].source * source.width * channels;
    for (const Share& share : columns) {
      for (size_t c = 0; c < channels; ++c) {
        line[share.target * channels + c] +=
            static_cast<float>(row[share.source * channels + c]) * share.weight;
      }
    }
    const bool fresh = k == 0 || rows[k - 1].target != rows[k].target;
    for (size_t i = 0; i < line.size(); ++i) {
      sum[i] = fresh ? rows[k].weight * line[i] : sum[i] + rows[k].weight * line[i];
    }
    if (k + 1 == rows.size() || rows[k + 1].target != rows[k].target) {
      std::transform(sum.begin(), sum.end(), std::back_inserter(target.data), Rounded<T>);
    }
  }
  return target;
}

// Both sides by whole numbers: OpenCV adds the cell and multiplies once.
struct Cell {
  uint32_t columns = 0;
  uint32_t rows = 0;
};

bool IsWhole(uint32_t source, uint32_t target) {
  return source % target == 0;
}

template <class Image, class Sum>
Sum CellSum(const Image& source, const Cell& cell, size_t x, size_t y, size_t channel) {
  Sum sum = 0;
  for (size_t dy = 0; dy < cell.rows; ++dy) {
    for (size_t dx = 0; dx < cell.columns; ++dx) {
      const size_t place = (y * cell.rows + dy) * source.width + x * cell.columns + dx;
      sum += static_cast<Sum>(source.data[place * source.channels + channel]);
    }
  }
  return sum;
}

// Of 2 × 2 bytes OpenCV rounds the half up, of other cells to even.
template <class T, class Sum>
T MeanOf(Sum sum, const Cell& cell) {
  if constexpr (std::is_same_v<T, uint8_t>) {
    if (cell.columns == 2 && cell.rows == 2) {
      return static_cast<uint8_t>((sum + 2) >> 2);
    }
  }
  return Rounded<T>(static_cast<float>(sum) *
                    (1.0F / static_cast<float>(cell.columns * cell.rows)));
}

template <class Image, class Sum>
Image ShrinkWhole(const Image& source, uint32_t width, uint32_t height) {
  using T = typename decltype(Image::data)::value_type;
  const Cell cell{source.width / width, source.height / height};
  Image target{width, height, source.channels, {}};
  target.data.reserve(size_t{width} * height * source.channels);
  for (size_t y = 0; y < height; ++y) {
    for (size_t x = 0; x < width; ++x) {
      for (size_t c = 0; c < source.channels; ++c) {
        target.data.push_back(MeanOf<T>(CellSum<Image, Sum>(source, cell, x, y, c), cell));
      }
    }
  }
  return target;
}

}  // namespace

Pixels ShrinkByArea(const Pixels& source, uint32_t width, uint32_t height) {
  return IsWhole(source.width, width) && IsWhole(source.height, height)
             ? ShrinkWhole<Pixels, uint32_t>(source, width, height)
             : Shrink(source, width, height);
}

RealPixels ShrinkByArea(const RealPixels& source, uint32_t width, uint32_t height) {
  return IsWhole(source.width, width) && IsWhole(source.height, height)
             ? ShrinkWhole<RealPixels, float>(source, width, height)
             : Shrink(source, width, height);
}

}  // namespace plumb::preprocess
