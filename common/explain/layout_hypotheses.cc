// How boards lay the same pixels into the buffer otherwise.
#include <algorithm>
#include <array>

#include "common/explain/planes.h"

namespace plumb::explain {
namespace {

constexpr size_t kLongestTail = 16;

size_t AlignUp(size_t value, size_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

struct Alternative {
  size_t row = 1;
  size_t rows = 1;
};

constexpr std::array<Alternative, 16> kAlternatives = {{{1, 1},
                                                        {16, 2},
                                                        {2, 2},
                                                        {16, 1},
                                                        {4, 1},
                                                        {8, 1},
                                                        {8, 2},
                                                        {32, 1},
                                                        {32, 2},
                                                        {64, 1},
                                                        {64, 2},
                                                        {128, 2},
                                                        {16, 16},
                                                        {32, 16},
                                                        {64, 16},
                                                        {32, 32}}};

Hypothesis Make(std::string_view cause,
                std::string_view slot,
                const std::string& what,
                const std::string& advice) {
  Hypothesis hypothesis;
  hypothesis.cause = {std::string(cause), "the board " + what, advice};
  hypothesis.slot = slot;
  return hypothesis;
}

void AddAlignments(const Geometry& geometry, std::vector<Hypothesis>& list) {
  std::vector<OtherLayout> seen = {{geometry.pitch, geometry.rows}};
  for (const Alternative& alternative : kAlternatives) {
    const OtherLayout other{AlignUp(geometry.row_size(), alternative.row),
                            AlignUp(geometry.height, alternative.rows)};
    const bool known = std::any_of(seen.begin(), seen.end(), [&other](const OtherLayout& layout) {
      return layout.pitch == other.pitch && layout.rows == other.rows;
    });
    if (known) {
      continue;
    }
    seen.push_back(other);
    Hypothesis hypothesis =
        Make("alignment",
             "layout",
             "has rows of " + std::to_string(other.pitch) + " bytes and " +
                 std::to_string(other.rows) + " of them, the PC " + std::to_string(geometry.pitch) +
                 " and " + std::to_string(geometry.rows),
             "align the buffer as the model's input descriptor says (u32InputWidthAlignment, "
             "u32InputHeightAlignment; rows of 16 bytes on 1.x and Q)");
    hypothesis.edit = [geometry, other](const Bytes& bytes, const Bytes&) -> std::optional<Bytes> {
      const auto planes = PlanesOf(geometry, bytes.size());
      return planes.empty() ? std::nullopt : std::optional(LaidOut(bytes, planes, other));
    };
    hypothesis.undo = [geometry, other](const Bytes& target) {
      Geometry theirs = geometry;
      theirs.pitch = other.pitch;
      theirs.rows = other.rows;
      const auto planes = PlanesOf(theirs, target.size());
      return planes.empty() ? target : LaidOut(target, planes, {geometry.pitch, geometry.rows});
    };
    list.push_back(std::move(hypothesis));
  }
}

// Rows one behind the other in a buffer of the right size.
void AddContiguous(const Geometry& geometry, std::vector<Hypothesis>& list) {
  if (geometry.pitch == geometry.row_size() && geometry.rows == geometry.height) {
    return;
  }
  Hypothesis hypothesis = Make("alignment",
                               "layout",
                               "writes the rows without the padding between them",
                               "start each row at a multiple of the pitch and fill up with zeros");
  hypothesis.edit = [geometry](const Bytes& bytes, const Bytes&) -> std::optional<Bytes> {
    const auto planes = PlanesOf(geometry, bytes.size());
    if (planes.empty()) {
      return std::nullopt;
    }
    const size_t pitch = geometry.nv12 ? AlignUp(geometry.row_size(), 2) : geometry.row_size();
    Bytes packed = LaidOut(bytes, planes, {pitch, geometry.height});
    packed.resize(bytes.size(), 0);
    return packed;
  };
  list.push_back(std::move(hypothesis));
}

// The innermost dimension of RAWDATA with another padding.
void AddInnerPadding(const Geometry& geometry, std::vector<Hypothesis>& list) {
  const size_t valid = geometry.channels * geometry.element_size;
  for (const size_t elements : {size_t{1}, size_t{8}, size_t{4}, size_t{16}, size_t{32}}) {
    const size_t stored = AlignUp(valid, elements * geometry.element_size);
    if (stored == geometry.pixel_size) {
      continue;
    }
    Hypothesis hypothesis =
        Make("alignment",
             "layout",
             "stores " + std::to_string(stored / geometry.element_size) +
                 " elements for each innermost row, the PC " +
                 std::to_string(geometry.pixel_size / geometry.element_size),
             "pad the innermost dimension with zeros to a multiple of 8 on 1.x and Q, not at all "
             "on the S families");
    hypothesis.edit = [geometry, stored, valid](const Bytes& bytes,
                                                const Bytes&) -> std::optional<Bytes> {
      Bytes result;
      for (size_t at = 0; at + geometry.pixel_size <= bytes.size(); at += geometry.pixel_size) {
        const auto from = bytes.begin() + static_cast<ptrdiff_t>(at);
        result.insert(result.end(), from, from + static_cast<ptrdiff_t>(valid));
        result.resize(result.size() + stored - valid, 0);
      }
      return result;
    };
    hypothesis.undo = [geometry, stored, valid](const Bytes& target) {
      Bytes result;
      for (size_t at = 0; at + stored <= target.size(); at += stored) {
        const auto from = target.begin() + static_cast<ptrdiff_t>(at);
        result.insert(result.end(), from, from + static_cast<ptrdiff_t>(valid));
        result.resize(result.size() + geometry.pixel_size - valid, 0);
      }
      return result;
    };
    list.push_back(std::move(hypothesis));
  }
}

std::vector<bool> ValidBytes(const std::vector<Plane>& planes, size_t valid, size_t size) {
  std::vector<bool> mask(size, false);
  ForEachPixel(planes, [&](size_t at, const Plane& plane) {
    const size_t count = plane.divisor == 1 ? valid : plane.pixel_size;
    std::fill_n(mask.begin() + static_cast<ptrdiff_t>(at), count, true);
  });
  return mask;
}

void AddPaddingValue(const Geometry& geometry, std::vector<Hypothesis>& list) {
  Hypothesis hypothesis = Make("padding_value",
                               "padding",
                               "leaves other bytes than zeros in the padding",
                               "clear the buffer before filling it; the chip may read the padding");
  hypothesis.edit = [geometry](const Bytes& bytes, const Bytes& target) -> std::optional<Bytes> {
    const auto planes = PlanesOf(geometry, bytes.size());
    if (planes.empty() || target.size() != bytes.size()) {
      return std::nullopt;
    }
    const size_t valid = geometry.channels * geometry.element_size;
    const std::vector<bool> mask = ValidBytes(planes, valid, bytes.size());
    Bytes result = bytes;
    size_t changed = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      changed += !mask[i] && bytes[i] != target[i] ? 1 : 0;
      result[i] = mask[i] ? bytes[i] : target[i];
    }
    return changed == 0 ? std::nullopt : std::optional(std::move(result));
  };
  list.push_back(std::move(hypothesis));
}

// How many pixels at the end of the rows differ while none before them does; 0 for too many.
size_t TailOf(const Plane& plane, const Bytes& bytes, const Bytes& target) {
  size_t tail = 0;
  for (size_t y = 0; y < plane.height; ++y) {
    for (size_t x = 0; x < plane.width; ++x) {
      const auto at = static_cast<ptrdiff_t>(plane.At(x, y));
      if (!std::equal(bytes.begin() + at,
                      bytes.begin() + at + static_cast<ptrdiff_t>(plane.pixel_size),
                      target.begin() + at)) {
        tail = std::max(tail, plane.width - x);
        break;
      }
    }
  }
  return tail > kLongestTail || tail * 4 > plane.width ? 0 : tail;
}

void AddRowTail(const Geometry& geometry, bool repeated, std::vector<Hypothesis>& list) {
  Hypothesis hypothesis =
      Make("row_tail",
           "tail",
           repeated ? "repeats a pixel at the end of each row instead of writing the last ones"
                    : "does not write the last pixels of each row",
           "look for a loop over whole vectors (width / 8) that forgets the rest of the row");
  hypothesis.edit = [geometry, repeated](const Bytes& bytes,
                                         const Bytes& target) -> std::optional<Bytes> {
    const auto planes = PlanesOf(geometry, bytes.size());
    const size_t tail =
        planes.empty() || target.size() != bytes.size() ? 0 : TailOf(planes[0], bytes, target);
    if (tail == 0) {
      return std::nullopt;
    }
    return Remap(
        bytes,
        geometry,
        [tail, repeated](
            const Plane& plane, size_t x, size_t y) -> std::optional<std::pair<size_t, size_t>> {
          const size_t first = plane.width - std::min(plane.width, tail / plane.divisor);
          if (x < first) {
            return std::pair(x, y);
          }
          return repeated && first > 0 ? std::optional(std::pair(first - 1, y)) : std::nullopt;
        });
  };
  list.push_back(std::move(hypothesis));
}

}  // namespace

std::vector<Hypothesis> LayoutHypotheses(const preprocess::Recipe& recipe,
                                         const Geometry& geometry,
                                         bool described) {
  std::vector<Hypothesis> list;
  if (!described) {
    return list;
  }
  AddRowTail(geometry, false, list);
  AddRowTail(geometry, true, list);
  if (npu::IsPictureFormat(recipe.buffer.format)) {
    AddAlignments(geometry, list);
    AddContiguous(geometry, list);
  } else {
    AddInnerPadding(geometry, list);
  }
  AddPaddingValue(geometry, list);
  return list;
}

}  // namespace plumb::explain
