#include "common/preprocess/resize.h"

#include <algorithm>
#include <cmath>

#include "common/preprocess/resize_taps.h"

namespace plumb::preprocess {
namespace {

constexpr float kWeightOne = 2048.0F;  // 11 bits
constexpr size_t kVectorWidth = 8;     // elements that OpenCV's cubic rows take at once

template <class Image>
Status Check(const Image& source, uint32_t width, uint32_t height, Kernel kernel, Centres centres) {
  if (source.width == 0 || source.height == 0 || source.channels == 0 ||
      source.data.size() != size_t{source.width} * source.height * source.channels) {
    return InvalidArgumentError("there is no picture to resize");
  }
  if (width == 0 || height == 0 || width > image::kMaxSide || height > image::kMaxSide ||
      uint64_t{width} * height > image::kMaxPixels) {
    return InvalidArgumentError("a picture cannot be resized to " + std::to_string(width) + "x" +
                                std::to_string(height));
  }
  if ((kernel == Kernel::kArea || kernel == Kernel::kPillow) && centres != Centres::kHalfPixel) {
    return InvalidArgumentError(
        "this resize kernel averages whole pixels and has half-pixel "
        "centres alone");
  }
  return OkStatus();
}

template <class Image>
bool Shrinks(const Image& source, uint32_t width, uint32_t height) {
  return width <= source.width && height <= source.height;
}

template <class Image>
Image Nearest(const Image& source, uint32_t width, uint32_t height, Centres centres) {
  const Axis columns = MakeAxis(Kernel::kNearest, centres, source.width, width, AxisRole::kColumns);
  const Axis rows = MakeAxis(Kernel::kNearest, centres, source.height, height, AxisRole::kRows);
  Image target{width, height, source.channels, {}};
  target.data.reserve(size_t{width} * height * source.channels);
  for (const Tap& y : rows.taps) {
    for (const Tap& x : columns.taps) {
      const size_t place = (y.at[0] * source.width + x.at[0]) * source.channels;
      const auto from = source.data.begin() + static_cast<ptrdiff_t>(place);
      target.data.insert(target.data.end(), from, from + source.channels);
    }
  }
  return target;
}

// Rows stretched to the target's width, kept for the next target row.
template <class Value, class Stretch>
class Rows {
 public:
  explicit Rows(Stretch stretch) : stretch_(std::move(stretch)) {}

  const Value* At(size_t y) {
    for (auto& [row, values] : kept_) {
      if (row == y && !values.empty()) {
        return values.data();
      }
    }
    auto& [row, values] = kept_.at(next_++ % kept_.size());
    row = y;
    values = stretch_(y);
    return values.data();
  }

 private:
  Stretch stretch_;
  std::array<std::pair<size_t, std::vector<Value>>, 4> kept_;
  size_t next_ = 0;
};

int32_t Fixed(float weight) {
  return static_cast<int32_t>(std::nearbyint(weight * kWeightOne));
}

std::vector<int32_t> StretchBytes(const Pixels& source, size_t y, const Axis& columns) {
  const size_t channels = source.channels;
  const uint8_t* row = source.data.data() + y * source.width * channels;
  std::vector<int32_t> result;
  result.reserve(columns.taps.size() * channels);
  for (const Tap& tap : columns.taps) {
    std::array<int32_t, 4> weights{};
    std::transform(tap.weight.begin(), tap.weight.end(), weights.begin(), Fixed);
    for (size_t c = 0; c < channels; ++c) {
      int32_t sum = 0;
      for (size_t k = 0; k < columns.count; ++k) {
        sum += row[tap.at.at(k) * channels + c] * weights.at(k);
      }
      result.push_back(sum);
    }
  }
  return result;
}

uint8_t Byte(int32_t value) {
  return static_cast<uint8_t>(std::clamp(value, 0, 255));
}

void BilinearRow(const std::array<const int32_t*, 4>& lines,
                 const Tap& tap,
                 size_t size,
                 std::vector<uint8_t>& out) {
  const int32_t above = Fixed(tap.weight[0]);
  const int32_t below = Fixed(tap.weight[1]);
  for (size_t i = 0; i < size; ++i) {
    const int32_t sum = ((above * (lines[0][i] >> 4)) >> 16) + ((below * (lines[1][i] >> 4)) >> 16);
    out.push_back(Byte((sum + 2) >> 2));
  }
}

// OpenCV's vectors compute cubic rows in float32, what is left over in integers.
void CubicRow(const std::array<const int32_t*, 4>& lines,
              const Tap& tap,
              size_t size,
              std::vector<uint8_t>& out) {
  std::array<int32_t, 4> fixed{};
  std::array<float, 4> real{};
  for (size_t k = 0; k < 4; ++k) {
    fixed.at(k) = Fixed(tap.weight.at(k));
    real.at(k) = static_cast<float>(fixed.at(k)) * (1.0F / (kWeightOne * kWeightOne));
  }
  const auto line = [&](size_t k, size_t i) { return static_cast<float>(lines.at(k)[i]); };
  const size_t vectors = size / kVectorWidth * kVectorWidth;
  for (size_t i = 0; i < vectors; ++i) {
    float sum = line(3, i) * real[3];
    sum = line(2, i) * real[2] + sum;
    sum = line(1, i) * real[1] + sum;
    sum = line(0, i) * real[0] + sum;
    out.push_back(Byte(static_cast<int32_t>(std::nearbyint(sum))));
  }
  for (size_t i = vectors; i < size; ++i) {
    int64_t sum = int64_t{1} << 21;
    for (size_t k = 0; k < 4; ++k) {
      sum += int64_t{lines.at(k)[i]} * fixed.at(k);
    }
    out.push_back(Byte(static_cast<int32_t>(sum >> 22)));
  }
}

Pixels InterpolateBytes(
    const Pixels& source, uint32_t width, uint32_t height, Kernel kernel, Centres centres) {
  const Axis columns = MakeAxis(kernel, centres, source.width, width, AxisRole::kColumns);
  const Axis rows = MakeAxis(kernel, centres, source.height, height, AxisRole::kRows);
  const auto stretch = [&](size_t y) { return StretchBytes(source, y, columns); };
  Rows<int32_t, decltype(stretch)> lines(stretch);
  Pixels target{width, height, source.channels, {}};
  target.data.reserve(size_t{width} * height * source.channels);
  for (const Tap& tap : rows.taps) {
    std::array<const int32_t*, 4> at{};
    for (size_t k = 0; k < rows.count; ++k) {
      at.at(k) = lines.At(tap.at.at(k));
    }
    const size_t size = size_t{width} * source.channels;
    kernel == Kernel::kCubic ? CubicRow(at, tap, size, target.data)
                             : BilinearRow(at, tap, size, target.data);
  }
  return target;
}

std::vector<float> StretchReals(const RealPixels& source, size_t y, const Axis& columns) {
  const size_t channels = source.channels;
  const float* row = source.data.data() + y * source.width * channels;
  std::vector<float> result;
  result.reserve(columns.taps.size() * channels);
  for (const Tap& tap : columns.taps) {
    for (size_t c = 0; c < channels; ++c) {
      float sum = row[tap.at[0] * channels + c] * tap.weight[0];
      for (size_t k = 1; k < columns.count; ++k) {
        sum += row[tap.at.at(k) * channels + c] * tap.weight.at(k);
      }
      result.push_back(sum);
    }
  }
  return result;
}

RealPixels InterpolateReals(
    const RealPixels& source, uint32_t width, uint32_t height, Kernel kernel, Centres centres) {
  const Axis columns = MakeAxis(kernel, centres, source.width, width, AxisRole::kColumns);
  const Axis rows = MakeAxis(kernel, centres, source.height, height, AxisRole::kRows);
  const auto stretch = [&](size_t y) { return StretchReals(source, y, columns); };
  Rows<float, decltype(stretch)> lines(stretch);
  RealPixels target{width, height, source.channels, {}};
  target.data.reserve(size_t{width} * height * source.channels);
  for (const Tap& tap : rows.taps) {
    std::array<const float*, 4> at{};
    for (size_t k = 0; k < rows.count; ++k) {
      at.at(k) = lines.At(tap.at.at(k));
    }
    for (size_t i = 0; i < size_t{width} * source.channels; ++i) {
      float sum = at.at(rows.count - 1)[i] * tap.weight.at(rows.count - 1);
      for (size_t k = rows.count - 1; k-- > 0;) {
        sum = at.at(k)[i] * tap.weight.at(k) + sum;
      }
      target.data.push_back(sum);
    }
  }
  return target;
}

}  // namespace

Centres DefaultCentres(Kernel kernel) {
  return kernel == Kernel::kNearest ? Centres::kTopLeft : Centres::kHalfPixel;
}

Result<Pixels> ResizeBytes(
    const Pixels& source, uint32_t width, uint32_t height, Kernel kernel, Centres centres) {
  PLUMB_RETURN_IF_ERROR(Check(source, width, height, kernel, centres));
  if (width == source.width && height == source.height) {
    return source;
  }
  if (kernel == Kernel::kNearest) {
    return Nearest(source, width, height, centres);
  }
  if (kernel == Kernel::kPillow) {
    return ResizePillow(source, width, height);
  }
  if (kernel == Kernel::kArea && Shrinks(source, width, height)) {
    return ShrinkByArea(source, width, height);
  }
  return InterpolateBytes(source, width, height, kernel, centres);
}

Result<RealPixels> ResizeReals(
    const RealPixels& source, uint32_t width, uint32_t height, Kernel kernel, Centres centres) {
  PLUMB_RETURN_IF_ERROR(Check(source, width, height, kernel, centres));
  if (kernel == Kernel::kPillow) {
    return InvalidArgumentError("Pillow's kernel is known on bytes alone");
  }
  if (width == source.width && height == source.height) {
    return source;
  }
  if (kernel == Kernel::kNearest) {
    return Nearest(source, width, height, centres);
  }
  if (kernel == Kernel::kArea && Shrinks(source, width, height)) {
    return ShrinkByArea(source, width, height);
  }
  return InterpolateReals(source, width, height, kernel, centres);
}

Result<Pixels> StretchLinear(const Pixels& source, uint32_t width, uint32_t height) {
  return ResizeBytes(source, width, height, Kernel::kBilinear, Centres::kHalfPixel);
}

}  // namespace plumb::preprocess
