// RGB to YUV_NV12 as the PC's tools make it, and as boards do.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/preprocess/pixels.h"
#include "common/preprocess/rounding.h"
#include "common/tensor/family.h"

namespace plumb::preprocess {

// kVendor: Y = (218 R + 732 G + 74 B) / 1024, U = (−117 R − 395 G + 512 B) / 1024 + 128,
// V = (512 R − 465 G − 47 B) / 1024 + 128, of the PC's tools: BT.709, full range.
// The others in 20 bits: kBt601Limited is OpenCV's COLOR_RGB2YUV_I420 (16…235 and 16…240),
// kBt601Full JPEG's, kBt709Limited HDTV's.
enum class Nv12Matrix : uint8_t { kVendor, kBt601Limited, kBt601Full, kBt709Limited };
// Of which pixels of 2 × 2 a pair of U and V is made: the mean of four, the top left one (OpenCV),
// the mean of the left two (MPEG-2 siting), or of the top two.
enum class Nv12Chroma : uint8_t { kMean, kTopLeft, kLeft, kTop };

struct Nv12Rule {
  Nv12Matrix matrix = Nv12Matrix::kVendor;
  Nv12Chroma chroma = Nv12Chroma::kMean;
  bool v_first = false;  // NV21
  Rounding rounding = Rounding::kHalfUp;

  friend bool operator==(const Nv12Rule&, const Nv12Rule&) = default;
};

// Half to even for 1.x and Q, floor(x + 1/2) for the S families; the matrix is the vendor's.
Nv12Rule DefaultNv12(Family family);

// Where the planes are; both of the same pitch, U and V after `rows` rows of Y.
struct Nv12Layout {
  uint64_t pitch = 0;
  uint64_t rows = 0;
};

// A plane of Y, then one of pairs U, V for each 2 × 2 pixels (of an odd side the last is doubled).
// Grey pixels (one channel) are Y as they are, with U and V zero. `bytes` are zero and hold
// pitch · rows · 3/2; kInvalidArgument when they do not, when the layout is odd or too small, or
// unless there are one or three channels.
Status EncodeNv12(const Pixels& pixels,
                  const Nv12Rule& rule,
                  const Nv12Layout& layout,
                  std::span<uint8_t> bytes);

}  // namespace plumb::preprocess
