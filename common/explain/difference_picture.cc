#include "common/explain/difference_picture.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "common/explain/difference.h"
#include "common/explain/planes.h"

namespace plumb::explain {
namespace {

constexpr size_t kSmallest = 64;
constexpr size_t kGap = 4;

using Color = std::array<uint8_t, 3>;

uint8_t Clipped(double value) {
  return static_cast<uint8_t>(std::clamp(std::isnan(value) ? 0.0 : value, 0.0, 255.0));
}

struct Span {
  double low = 0;
  double high = 255;
};

// Reads pixels of one side; those beyond its end are black.
class Side {
 public:
  Side(std::span<const uint8_t> bytes, const Request& request, const Geometry& geometry, Span span)
      : bytes_(bytes),
        geometry_(geometry),
        span_(span) {
    const npu::InputFormat format = request.recipe.buffer.format;
    const bool raw = !npu::IsPictureFormat(format);
    blue_first_ = format == npu::InputFormat::kBgr || format == npu::InputFormat::kBgra ||
                  (raw && request.recipe.order == preprocess::ColorOrder::kBgr);
  }

  [[nodiscard]] Color At(size_t x, size_t y) const {
    const size_t at = y * geometry_.pitch + x * geometry_.pixel_size;
    if (geometry_.nv12) {
      return FromYuv(x, y);
    }
    if (geometry_.channels < 3) {
      const uint8_t gray = Value(at, 0);
      return {gray, gray, gray};
    }
    const Color color = {Value(at, 0), Value(at, 1), Value(at, 2)};
    return blue_first_ ? Color{color[2], color[1], color[0]} : color;
  }

 private:
  [[nodiscard]] uint8_t Value(size_t at, size_t channel) const {
    const size_t place = at + channel * geometry_.element_size;
    if (place + geometry_.element_size > bytes_.size()) {
      return 0;
    }
    const double value = ElementAt(bytes_.subspan(place), geometry_.element, 0);
    return Clipped((value - span_.low) * 255 / (span_.high - span_.low));
  }

  [[nodiscard]] Color FromYuv(size_t x, size_t y) const {
    const size_t pair = geometry_.rows * geometry_.pitch + y / 2 * geometry_.pitch + x / 2 * 2;
    const double luma = Value(y * geometry_.pitch + x, 0);
    const double u = Value(pair, 0) - 128.0;
    const double v = Value(pair, 1) - 128.0;
    return {Clipped(luma + 1.575 * v),
            Clipped(luma - 0.188 * u - 0.469 * v),
            Clipped(luma + 1.856 * u)};
  }

  std::span<const uint8_t> bytes_;
  const Geometry& geometry_;
  Span span_;
  bool blue_first_ = false;
};

Span SpanOf(std::span<const uint8_t> bytes, const Geometry& geometry) {
  if (geometry.element == ElementType::kUint8) {
    return {};
  }
  Span span{0, 0};
  for (size_t i = 0; i < bytes.size() / geometry.element_size; ++i) {
    const double value = ElementAt(bytes, geometry.element, i);
    if (std::isfinite(value)) {
      span.low = std::min(span.low, value);
      span.high = std::max(span.high, value);
    }
  }
  return span.low == span.high ? Span{span.low, span.low + 1} : span;
}

// Small differences must be seen too: by the square root.
Color Heat(const Color& a, const Color& b) {
  int largest = 0;
  for (size_t c = 0; c < 3; ++c) {
    largest = std::max(largest, std::abs(int{a.at(c)} - int{b.at(c)}));
  }
  const double heat = std::sqrt(largest / 255.0) * 3;
  return {Clipped(heat * 255), Clipped((heat - 1) * 255), Clipped((heat - 2) * 255)};
}

void Put(image::Image& image, size_t x, size_t y, size_t zoom, const Color& color) {
  for (size_t dy = 0; dy < zoom; ++dy) {
    for (size_t dx = 0; dx < zoom; ++dx) {
      const size_t at = ((y * zoom + dy) * image.width + x + dx) * 3;
      std::copy(color.begin(), color.end(), image.rgb.begin() + static_cast<ptrdiff_t>(at));
    }
  }
}

}  // namespace

Result<image::Image> PictureOfDifference(const Request& request) {
  const Geometry geometry = GeometryOf(request);
  const bool known = request.recipe.buffer.width != 0 || request.innermost != 0;
  if (!known || geometry.width == 0 || geometry.width * geometry.height > image::kMaxPixels / 16) {
    return InvalidArgumentError("there is no picture of an input whose size is not known")
        .WithHint("say it with --model, or with --format, --size and --family");
  }
  const Span span = SpanOf(request.reference, geometry);
  const Side reference(request.reference, request, geometry, span);
  const Side target(request.target, request, geometry, span);
  const size_t smaller = std::max<size_t>(std::min(geometry.width, geometry.height), 1);
  const size_t zoom = std::max<size_t>((kSmallest + smaller - 1) / smaller, 1);
  const size_t third = geometry.width * zoom + kGap;
  image::Image image;
  image.width = static_cast<uint32_t>(3 * third - kGap);
  image.height = static_cast<uint32_t>(geometry.height * zoom);
  image.rgb.assign(size_t{image.width} * image.height * 3, 128);
  for (size_t y = 0; y < geometry.height; ++y) {
    for (size_t x = 0; x < geometry.width; ++x) {
      const Color a = reference.At(x, y);
      const Color b = target.At(x, y);
      Put(image, x * zoom, y, zoom, a);
      Put(image, third + x * zoom, y, zoom, b);
      Put(image, 2 * third + x * zoom, y, zoom, Heat(a, b));
    }
  }
  return image;
}

}  // namespace plumb::explain
