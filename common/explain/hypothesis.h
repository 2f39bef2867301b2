// The hypotheses that Explain() tries.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/explain/explain.h"
#include "common/preprocess/buffer.h"

namespace plumb::explain {

using Bytes = std::vector<uint8_t>;

// Where in the way from file to buffer a hypothesis acts; pairs are applied in this order.
enum class Stage : uint8_t { kPicture, kEncode, kBytes };

struct Hypothesis {
  Cause cause;
  std::string slot;  // two of one slot exclude each other
  Stage stage = Stage::kBytes;
  // kPicture, kEncode.
  std::function<void(preprocess::Recipe&)> change;
  // kBytes: the buffer as the board would have written it, from the PC's; `target` to measure a
  // parameter on. Empty where it does not apply.
  std::function<std::optional<Bytes>(const Bytes& bytes, const Bytes& target)> edit;
  // kBytes of another layout: the board's buffer in the PC's, for what is measured before it.
  std::function<Bytes(const Bytes& target)> undo;
};

// How the reference's bytes are cut into rows and pixels.
struct Geometry {
  ElementType element = ElementType::kUint8;
  size_t element_size = 1;
  size_t height = 1;
  size_t width = 0;       // pixels
  size_t channels = 1;    // elements of a pixel that are valid
  size_t pixel_size = 1;  // bytes, inner padding included
  size_t pitch = 0;
  size_t rows = 1;    // with the padding below
  bool nv12 = false;  // then of the Y plane
  bool old = false;   // 1.x or Q

  [[nodiscard]] size_t row_size() const { return width * pixel_size; }
};

// What bytes of `size` are by the description; without one they are a single row.
Geometry GeometryOf(const Request& request);

// The picture's size, for crops; 0 × 0 without one.
struct PictureSize {
  uint32_t width = 0;
  uint32_t height = 0;
  int orientation = 1;
  bool jpeg = false;
};

std::vector<Hypothesis> PictureHypotheses(const preprocess::Recipe& recipe,
                                          const PictureSize& size);
std::vector<Hypothesis> EncodeHypotheses(const preprocess::Recipe& recipe);
std::vector<Hypothesis> ValueHypotheses(const Request& request, const Geometry& geometry);
std::vector<Hypothesis> OrderHypotheses(const Geometry& geometry);
// YUV_NV12 made of the moved picture, by the whole pixels that fit best: an odd number of them is
// another chroma than the moved buffer has.
std::vector<Hypothesis> MoveHypotheses(const Geometry& geometry,
                                       const Bytes& reference,
                                       const Bytes& target);
// By how many pixels to the right (or down) the target's rows fit the bytes best, at most 16,
// whatever was added to them; 0 for buffers that are not of the geometry's size.
int BestShift(const Bytes& bytes, const Bytes& target, const Geometry& geometry, bool across);
std::vector<Hypothesis> LayoutHypotheses(const preprocess::Recipe& recipe,
                                         const Geometry& geometry,
                                         bool described);

}  // namespace plumb::explain
