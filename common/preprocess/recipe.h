// The whole way from a picture's file to the bytes of an input buffer as plain values: what
// `plumb input make` follows and `plumb input explain` changes until it gets the board's bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "common/image/image.h"
#include "common/npu/model/input_format.h"
#include "common/preprocess/color.h"
#include "common/preprocess/nv12.h"
#include "common/preprocess/resize.h"
#include "common/preprocess/rounding.h"
#include "common/tensor/family.h"

namespace plumb::preprocess {

// The part of the picture that is used. kRectangle: x, y, width, height. kCentred: width × height
// in the middle (left and top rounded down), 0 × 0 the largest square.
struct Crop {
  enum class Kind : uint8_t { kNone, kRectangle, kCentred };
  Kind kind = Kind::kNone;
  uint32_t x = 0;
  uint32_t y = 0;
  uint32_t width = 0;
  uint32_t height = 0;

  friend bool operator==(const Crop&, const Crop&) = default;
};

// kStretch: to the input's size. kLetterbox: the largest size of the same aspect that fits (sides
// rounded half to even, at least 1), the rest filled. kCover: the smallest that covers (likewise),
// what overhangs cut off on both sides, the smaller half first.
enum class Fit : uint8_t { kStretch, kLetterbox, kCover };
// Where a letterboxed picture is: in the middle (the smaller half of the fill first), or top left.
enum class Place : uint8_t { kCentre, kTopLeft };
// What a real-valued resize does before the pixels are bytes again. kReal: resize in float32.
enum class Arithmetic : uint8_t { kBytes, kReal };

struct ResizeRule {
  Kernel kernel = Kernel::kBilinear;
  Centres centres = Centres::kHalfPixel;
  Arithmetic arithmetic = Arithmetic::kBytes;
  // kReal alone: to bytes, clipped to 0…255. Empty: half to even for formats of bytes; the
  // RAWDATA formats go on with the fractions.
  std::optional<Rounding> rounding;
  Fit fit = Fit::kStretch;
  Place place = Place::kCentre;
  std::array<uint8_t, 3> fill = {0, 0, 0};  // R, G, B around a letterboxed picture

  friend bool operator==(const ResizeRule&, const ResizeRule&) = default;
};

// How the bytes lie in the buffer (docs/input.md).
struct BufferRule {
  npu::InputFormat format = npu::InputFormat::kRgb;
  Family family = Family::kS3;
  uint32_t width = 0;
  uint32_t height = 0;
  // input_width_alignment and input_height_alignment of the S families; empty: the format's own.
  std::optional<uint32_t> width_alignment;
  std::optional<uint32_t> height_alignment;
  // YUV_NV12
  Nv12Rule nv12;
  // RAWDATA_S16_NHWC: v / scale + zero_point
  float scale = 0;
  Rounding quantise = Rounding::kTruncate;
  int32_t zero_point = 0;
};

// The picture in the input's size moved by whole pixels, and what comes into their place.
struct Move {
  enum class Edge : uint8_t { kZero, kRepeat, kWrap };
  int32_t across = 0;  // to the right
  int32_t down = 0;
  Edge edge = Edge::kZero;

  friend bool operator==(const Move&, const Move&) = default;
};

// The place that moves to `place` on an axis of `size` pixels; empty where zeros come in.
std::optional<size_t> MovedFrom(size_t place, int32_t by, size_t size, Move::Edge edge);

struct Recipe {
  image::DecodeRule decode;
  Crop crop;
  ResizeRule resize;
  ColorOrder order = ColorOrder::kRgb;  // of the training; RAWDATA and gray YUV_NV12 follow it
  bool swap_colors = false;             // red for blue, whatever the format says
  bool mirror_x = false;                // in the input's size, left to right
  bool mirror_y = false;                // top to bottom
  Move move;                            // likewise, after mirroring
  Normalization normalization;          // RAWDATA
  uint32_t normalize_passes = 1;        // how often it is applied
  BufferRule buffer;
};

}  // namespace plumb::preprocess
