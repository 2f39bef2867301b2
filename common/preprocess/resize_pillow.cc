#include <algorithm>
#include <cmath>

#include "common/preprocess/resize_taps.h"

namespace plumb::preprocess {
namespace {

constexpr int kWeightBits = 22;

// The source pixels of one target pixel, from `first`, with weights in 22-bit fixed point.
struct Window {
  size_t first = 0;
  std::vector<int64_t> weights;
};

Window WindowOf(uint32_t i, uint32_t source, uint32_t target) {
  const double scale = static_cast<double>(source) / target;
  const double reach = std::max(scale, 1.0);
  const double centre = (i + 0.5) * scale;
  const int first = std::max(static_cast<int>(centre - reach + 0.5), 0);
  const int end = std::min(static_cast<int>(centre + reach + 0.5), static_cast<int>(source));
  std::vector<double> weights;
  double sum = 0;
  for (int place = first; place < end; ++place) {
    const double distance = std::abs((place - centre + 0.5) * (1.0 / reach));
    weights.push_back(std::max(1.0 - distance, 0.0));
    sum += weights.back();
  }
  Window window{static_cast<size_t>(first), {}};
  for (const double weight : weights) {
    const double share = sum == 0 ? 0 : weight / sum;
    window.weights.push_back(static_cast<int64_t>(0.5 + share * (1 << kWeightBits)));
  }
  return window;
}

std::vector<Window> WindowsOf(uint32_t source, uint32_t target) {
  std::vector<Window> windows;
  windows.reserve(target);
  for (uint32_t i = 0; i < target; ++i) {
    windows.push_back(WindowOf(i, source, target));
  }
  return windows;
}

// `step` elements lie between neighbours of a window.
uint8_t Weighed(const uint8_t* at, size_t step, const Window& window) {
  int64_t sum = int64_t{1} << (kWeightBits - 1);
  for (size_t k = 0; k < window.weights.size(); ++k) {
    sum += at[(window.first + k) * step] * window.weights[k];
  }
  return static_cast<uint8_t>(std::clamp<int64_t>(sum >> kWeightBits, 0, 255));
}

}  // namespace

Pixels ResizePillow(const Pixels& source, uint32_t width, uint32_t height) {
  const size_t channels = source.channels;
  Pixels wide = source;
  if (width != source.width) {
    wide = {width, source.height, source.channels, {}};
    const std::vector<Window> columns = WindowsOf(source.width, width);
    for (size_t y = 0; y < source.height; ++y) {
      for (size_t i = 0; i < width * channels; ++i) {
        const uint8_t* row = source.data.data() + y * source.width * channels + i % channels;
        wide.data.push_back(Weighed(row, channels, columns[i / channels]));
      }
    }
  }
  if (height == source.height) {
    return wide;
  }
  Pixels target{width, height, source.channels, {}};
  for (const Window& window : WindowsOf(source.height, height)) {
    for (size_t i = 0; i < width * channels; ++i) {
      target.data.push_back(Weighed(wide.data.data() + i, width * channels, window));
    }
  }
  return target;
}

}  // namespace plumb::preprocess
