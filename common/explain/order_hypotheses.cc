// The same pixels elsewhere: channels, planes, mirrors, shifts.
#include <algorithm>
#include <array>
#include <limits>

#include "common/explain/difference.h"
#include "common/explain/planes.h"

namespace plumb::explain {
namespace {

constexpr int kLongestShift = 16;

using Order = std::vector<size_t>;

Hypothesis Make(std::string_view cause,
                std::string_view slot,
                const std::string& what,
                const std::string& advice) {
  Hypothesis hypothesis;
  hypothesis.cause = {std::string(cause), "the board " + what, advice};
  hypothesis.slot = slot;
  return hypothesis;
}

void AddOrder(const Geometry& geometry,
              const Order& order,
              const std::string& what,
              std::vector<Hypothesis>& list) {
  Hypothesis hypothesis =
      Make("channel_order", "colors", what, "write the channels in the order of input_formats");
  hypothesis.edit = [geometry, order](const Bytes& bytes, const Bytes&) -> std::optional<Bytes> {
    const auto planes = PlanesOf(geometry, bytes.size());
    if (planes.empty()) {
      return std::nullopt;
    }
    Bytes result = bytes;
    const size_t size = geometry.element_size;
    ForEachPixel(planes, [&](size_t at, const Plane&) {
      for (size_t c = 0; c < order.size(); ++c) {
        std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(at + order[c] * size),
                    size,
                    result.begin() + static_cast<ptrdiff_t>(at + c * size));
      }
    });
    return result;
  };
  list.push_back(std::move(hypothesis));
}

void AddOrders(const Geometry& geometry, std::vector<Hypothesis>& list) {
  if (geometry.channels == 3) {
    AddOrder(geometry, {2, 1, 0}, "has the first and the third channel exchanged", list);
    AddOrder(geometry, {1, 2, 0}, "has the channels rotated by one", list);
    AddOrder(geometry, {2, 0, 1}, "has the channels rotated by two", list);
    AddOrder(geometry, {0, 2, 1}, "has the second and the third channel exchanged", list);
    AddOrder(geometry, {1, 0, 2}, "has the first and the second channel exchanged", list);
  } else if (geometry.channels == 4 && !geometry.nv12) {
    AddOrder(geometry, {2, 1, 0, 3}, "has red and blue exchanged", list);
    AddOrder(geometry, {3, 0, 1, 2}, "writes alpha first", list);
    AddOrder(geometry, {3, 2, 1, 0}, "writes the four channels in reverse", list);
  }
}

void AddAlpha(const Geometry& geometry, std::vector<Hypothesis>& list) {
  if (geometry.channels != 4) {
    return;
  }
  Hypothesis hypothesis = Make("alpha", "alpha", "leaves alpha 0", "set alpha to 255");
  hypothesis.edit = [geometry](const Bytes& bytes, const Bytes&) -> std::optional<Bytes> {
    Bytes result = bytes;
    ForEachPixel(PlanesOf(geometry, bytes.size()),
                 [&](size_t at, const Plane&) { result[at + 3] = 0; });
    return result;
  };
  list.push_back(std::move(hypothesis));
}

// U and V: exchanged, or in planes of their own.
void AddChromaOrders(const Geometry& geometry, std::vector<Hypothesis>& list) {
  if (!geometry.nv12) {
    return;
  }
  for (const bool planar : {false, true}) {
    Hypothesis hypothesis =
        planar ? Make("layout",
                      "planar",
                      "writes U and V as two planes (I420)",
                      "convert to NV12: U and V by turns in one plane")
               : Make("nv12_chroma", "uv", "writes V before U (NV21)", "exchange U and V");
    hypothesis.edit = [planar](const Bytes& bytes, const Bytes&) -> std::optional<Bytes> {
      // Whatever the alignment is: the pairs are the last third.
      const size_t start = bytes.size() / 3 * 2;
      Bytes result = bytes;
      const size_t pairs = (bytes.size() - start) / 2;
      for (size_t i = 0; i < pairs; ++i) {
        const uint8_t u = bytes[start + 2 * i];
        const uint8_t v = bytes[start + 2 * i + 1];
        result[planar ? start + i : start + 2 * i + 1] = u;
        result[planar ? start + pairs + i : start + 2 * i] = v;
      }
      return result;
    };
    list.push_back(std::move(hypothesis));
  }
}

void AddPlanar(const Geometry& geometry, std::vector<Hypothesis>& list) {
  if (geometry.channels < 2 || geometry.nv12 ||
      geometry.pixel_size != geometry.channels * geometry.element_size) {
    return;
  }
  Hypothesis hypothesis = Make("layout",
                               "planar",
                               "writes the channels as planes (CHW)",
                               "the buffer is NHWC: transpose on the board");
  hypothesis.edit = [geometry](const Bytes& bytes, const Bytes&) -> std::optional<Bytes> {
    if (geometry.pitch != geometry.row_size() || PlanesOf(geometry, bytes.size()).empty()) {
      return std::nullopt;
    }
    Bytes result(bytes.size());
    const size_t size = geometry.element_size;
    const size_t pixels = geometry.width * geometry.height;
    for (size_t i = 0; i < pixels * geometry.channels; ++i) {
      const size_t to = i % geometry.channels * pixels + i / geometry.channels;
      std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(i * size),
                  size,
                  result.begin() + static_cast<ptrdiff_t>(to * size));
    }
    return result;
  };
  hypothesis.undo = [geometry](const Bytes& target) {
    Bytes result = target;
    const size_t size = geometry.element_size;
    const size_t pixels = geometry.width * geometry.height;
    for (size_t i = 0; i < pixels * geometry.channels && (i + 1) * size <= target.size(); ++i) {
      const size_t from = i % geometry.channels * pixels + i / geometry.channels;
      if ((from + 1) * size <= target.size()) {
        std::copy_n(target.begin() + static_cast<ptrdiff_t>(from * size),
                    size,
                    result.begin() + static_cast<ptrdiff_t>(i * size));
      }
    }
    return result;
  };
  list.push_back(std::move(hypothesis));
}

void AddMirrors(const Geometry& geometry, std::vector<Hypothesis>& list) {
  constexpr std::array<std::string_view, 3> kWords = {
      "has the picture mirrored left to right",
      "has the picture upside down (mirrored top to bottom)",
      "has the picture turned by 180 degrees"};
  for (size_t kind = 0; kind < 3; ++kind) {
    Hypothesis hypothesis = Make("mirrored",
                                 "mirror",
                                 std::string(kWords.at(kind)),
                                 "mind the sensor's mirror and flip setting, or the order of rows");
    const bool across = kind != 1;
    const bool down = kind != 0;
    hypothesis.edit = [geometry, across, down](const Bytes& bytes, const Bytes&) {
      return Remap(bytes, geometry, [across, down](const Plane& plane, size_t x, size_t y) {
        return std::optional(
            std::pair(across ? plane.width - 1 - x : x, down ? plane.height - 1 - y : y));
      });
    };
    list.push_back(std::move(hypothesis));
  }
}

using preprocess::Move;
using Edge = Move::Edge;

std::optional<Bytes> Moved(const Bytes& bytes, const Geometry& geometry, const Move& shift) {
  return Remap(
      bytes,
      geometry,
      [&shift](const Plane& plane, size_t x, size_t y) -> std::optional<std::pair<size_t, size_t>> {
        const auto divisor = static_cast<int32_t>(plane.divisor);
        const auto from_x =
            preprocess::MovedFrom(x, shift.across / divisor, plane.width, shift.edge);
        const auto from_y =
            preprocess::MovedFrom(y, shift.down / divisor, plane.height, shift.edge);
        return from_x && from_y ? std::optional(std::pair(*from_x, *from_y)) : std::nullopt;
      });
}

// The step from one pixel to the next, of the first byte: an offset does not change it.
uint8_t StepAt(const Bytes& bytes, const Plane& plane, int x, int y) {
  const size_t at = plane.At(static_cast<size_t>(x), static_cast<size_t>(y));
  return static_cast<uint8_t>(bytes[at] - bytes[at - plane.pixel_size]);
}

double ShareDiffering(
    const Bytes& bytes, const Bytes& target, const Plane& plane, int across, int down) {
  const auto width = static_cast<int>(plane.width);
  const auto height = static_cast<int>(plane.height);
  uint64_t differing = 0;
  uint64_t looked = 0;
  for (int y = std::max(0, down); y < height + std::min(0, down); y += 2) {
    for (int x = std::max(0, across) + 1; x < width + std::min(0, across); x += 2) {
      const bool same = StepAt(bytes, plane, x - across, y - down) == StepAt(target, plane, x, y);
      differing += same ? 0 : 1;
      ++looked;
    }
  }
  return looked == 0 ? 1 : static_cast<double>(differing) / static_cast<double>(looked);
}

}  // namespace

int BestShift(const Bytes& bytes, const Bytes& target, const Geometry& geometry, bool across) {
  const auto planes = PlanesOf(geometry, bytes.size());
  if (planes.empty() || bytes.size() != target.size()) {
    return 0;
  }
  const Plane& plane = planes.front();
  const size_t side = across ? plane.width : plane.height;
  const int reach = std::min(kLongestShift, static_cast<int>(side / 2));
  int best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (int shift = -reach; shift <= reach; ++shift) {
    const double share =
        ShareDiffering(bytes, target, plane, across ? shift : 0, across ? 0 : shift);
    if (share < least) {
      least = share;
      best = shift;
    }
  }
  return best;
}

namespace {

Cause ShiftCause(bool across, Edge edge) {
  constexpr std::array<std::string_view, 3> kEdges = {
      "zeros", "the edge's pixels", "what left the other side"};
  return {across ? "shifted_columns" : "shifted_rows",
          std::string("the board has the picture moved by whole pixels ") +
              (across ? "to the side" : "up or down") + ", with " +
              std::string(kEdges.at(static_cast<size_t>(edge))) + " in their place",
          "look at the offset where the copy into the buffer begins"};
}

void AddShift(const Geometry& geometry, bool across, Edge edge, std::vector<Hypothesis>& list) {
  Hypothesis hypothesis;
  hypothesis.cause = ShiftCause(across, edge);
  hypothesis.slot = across ? "across" : "down";
  hypothesis.edit = [geometry, across, edge](const Bytes& bytes,
                                             const Bytes& target) -> std::optional<Bytes> {
    const int shift = BestShift(bytes, target, geometry, across);
    if (shift == 0 || (geometry.nv12 && shift % 2 != 0)) {
      return std::nullopt;
    }
    return Moved(bytes, geometry, {across ? shift : 0, across ? 0 : shift, edge});
  };
  list.push_back(std::move(hypothesis));
}

}  // namespace

std::vector<Hypothesis> MoveHypotheses(const Geometry& geometry,
                                       const Bytes& reference,
                                       const Bytes& target) {
  std::vector<Hypothesis> list;
  for (const bool across : {true, false}) {
    const int32_t by = BestShift(reference, target, geometry, across);
    for (const Edge edge : {Edge::kZero, Edge::kRepeat, Edge::kWrap}) {
      if (by == 0 || !geometry.nv12) {
        continue;
      }
      Hypothesis hypothesis;
      hypothesis.cause = ShiftCause(across, edge);
      hypothesis.slot = across ? "across" : "down";
      hypothesis.stage = Stage::kEncode;
      hypothesis.change = [across, by, edge](preprocess::Recipe& recipe) {
        (across ? recipe.move.across : recipe.move.down) = by;
        recipe.move.edge = edge;
      };
      list.push_back(std::move(hypothesis));
    }
  }
  return list;
}

std::vector<Hypothesis> OrderHypotheses(const Geometry& geometry) {
  std::vector<Hypothesis> list;
  AddOrders(geometry, list);
  AddAlpha(geometry, list);
  AddChromaOrders(geometry, list);
  AddPlanar(geometry, list);
  AddMirrors(geometry, list);
  for (const Edge edge : {Edge::kZero, Edge::kRepeat, Edge::kWrap}) {
    AddShift(geometry, true, edge, list);
    AddShift(geometry, false, edge, list);
  }
  return list;
}

}  // namespace plumb::explain
