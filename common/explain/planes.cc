#include "common/explain/planes.h"

#include <algorithm>

#include "common/preprocess/synthesize.h"

namespace plumb::explain {

Geometry GeometryOf(const Request& request) {
  const preprocess::BufferRule& rule = request.recipe.buffer;
  Geometry geometry;
  geometry.element = ElementOf(rule.format);
  geometry.element_size = ElementSize(geometry.element);
  geometry.old = preprocess::PadsInputs(rule.family);
  geometry.nv12 = rule.format == npu::InputFormat::kNv12;
  if (npu::IsPictureFormat(rule.format)) {
    const auto layout = preprocess::LayoutOf(rule);
    if (layout.ok()) {
      geometry.height = rule.height;
      geometry.width = rule.width;
      geometry.channels = layout->pixel_size;
      geometry.pixel_size = layout->pixel_size;
      geometry.pitch = layout->pitch;
      geometry.rows = layout->rows;
      return geometry;
    }
  }
  const uint64_t inner =
      rule.width != 0 ? (preprocess::IsGray(request.recipe) ? 1 : 3) : request.innermost;
  const auto one_row = static_cast<size_t>(request.reference.size()) / geometry.element_size;
  geometry.channels = inner == 0 ? 1 : static_cast<size_t>(inner);
  const uint64_t stored =
      inner == 0 ? 1 : RawInputInnermost(rule.family, geometry.element, geometry.channels);
  geometry.pixel_size = static_cast<size_t>(stored) * geometry.element_size;
  geometry.height = rule.height == 0 ? 1 : rule.height;
  geometry.width =
      rule.width == 0 ? std::max<size_t>(one_row / static_cast<size_t>(stored), 1) : rule.width;
  geometry.pitch = geometry.row_size();
  geometry.rows = geometry.height;
  return geometry;
}

std::vector<Plane> PlanesOf(const Geometry& geometry, size_t size) {
  const size_t plane = geometry.pitch * geometry.rows;
  const size_t whole = geometry.nv12 ? plane / 2 * 3 : plane;
  if (whole != size || geometry.width == 0) {
    return {};
  }
  std::vector<Plane> planes = {
      {0, geometry.width, geometry.height, geometry.pixel_size, geometry.pitch, geometry.rows, 1}};
  if (geometry.nv12) {
    planes.push_back({plane,
                      (geometry.width + 1) / 2,
                      (geometry.height + 1) / 2,
                      2,
                      geometry.pitch,
                      geometry.rows / 2,
                      2});
  }
  return planes;
}

std::optional<Bytes> Remap(const Bytes& bytes, const Geometry& geometry, const PixelMap& map) {
  const std::vector<Plane> planes = PlanesOf(geometry, bytes.size());
  if (planes.empty()) {
    return std::nullopt;
  }
  Bytes result = bytes;
  for (const Plane& plane : planes) {
    for (size_t y = 0; y < plane.height; ++y) {
      for (size_t x = 0; x < plane.width; ++x) {
        const auto from = map(plane, x, y);
        const auto to = result.begin() + static_cast<ptrdiff_t>(plane.At(x, y));
        if (from) {
          std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(plane.At(from->first, from->second)),
                      plane.pixel_size,
                      to);
        } else {
          std::fill_n(to, plane.pixel_size, uint8_t{0});
        }
      }
    }
  }
  return result;
}

void ForEachPixel(const std::vector<Plane>& planes,
                  const std::function<void(size_t at, const Plane& plane)>& visit) {
  for (const Plane& plane : planes) {
    for (size_t y = 0; y < plane.height; ++y) {
      for (size_t x = 0; x < plane.width; ++x) {
        visit(plane.At(x, y), plane);
      }
    }
  }
}

Bytes LaidOut(const Bytes& bytes, const std::vector<Plane>& planes, const OtherLayout& layout) {
  const size_t first = layout.pitch * layout.rows;
  const size_t second =
      planes.size() == 2 ? layout.pitch * std::max(layout.rows / 2, planes[1].height) : 0;
  Bytes result(first + second, 0);
  for (size_t p = 0; p < planes.size(); ++p) {
    const Plane& plane = planes[p];
    for (size_t y = 0; y < plane.height; ++y) {
      const size_t to = (p == 0 ? 0 : first) + y * layout.pitch;
      const size_t room = result.size() > to ? result.size() - to : 0;
      std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(plane.At(0, y)),
                  std::min(plane.width * plane.pixel_size, room),
                  result.begin() + static_cast<ptrdiff_t>(to));
    }
  }
  return result;
}

}  // namespace plumb::explain
