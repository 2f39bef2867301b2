// The pixels of a buffer, plane by plane.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "common/explain/hypothesis.h"

namespace plumb::explain {

struct Plane {
  size_t offset = 0;
  size_t width = 0;
  size_t height = 0;
  size_t pixel_size = 1;
  size_t pitch = 0;
  size_t rows = 0;     // with the padding below
  size_t divisor = 1;  // pixels of the picture per pixel of the plane, along each axis

  [[nodiscard]] size_t At(size_t x, size_t y) const { return offset + y * pitch + x * pixel_size; }
};

// One, or for YUV_NV12 Y and the pairs; empty when the bytes are not of the geometry's size.
std::vector<Plane> PlanesOf(const Geometry& geometry, size_t size);

// The pixel (x, y) of a plane comes from the returned one; empty: zero.
using PixelMap =
    std::function<std::optional<std::pair<size_t, size_t>>(const Plane& plane, size_t x, size_t y)>;
std::optional<Bytes> Remap(const Bytes& bytes, const Geometry& geometry, const PixelMap& map);

// Calls visit(offset of a pixel, plane) for all pixels.
void ForEachPixel(const std::vector<Plane>& planes,
                  const std::function<void(size_t at, const Plane& plane)>& visit);

// The planes again with other pitches and numbers of rows, padded with zeros: `pitch` and `rows` of
// the first; the second follows it at `second_at` rows.
struct OtherLayout {
  size_t pitch = 0;
  size_t rows = 0;
};

Bytes LaidOut(const Bytes& bytes, const std::vector<Plane>& planes, const OtherLayout& layout);

}  // namespace plumb::explain
