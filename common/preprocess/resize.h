// Stretching a picture to a size, with OpenCV 4.6's arithmetic and, for one kernel, Pillow's.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/status.h"
#include "common/preprocess/pixels.h"

namespace plumb::preprocess {

// kNearest, kBilinear, kArea, kCubic: cv2.INTER_NEAREST, _LINEAR, _AREA, _CUBIC.
// kPillow: PIL's BILINEAR, which averages when it shrinks (antialiasing); bytes alone.
enum class Kernel : uint8_t { kNearest, kBilinear, kArea, kCubic, kPillow };

// Where pixel i of the target lies in the source, scale = source / target:
// kHalfPixel (i + 0.5)·scale − 0.5; kTopLeft i·scale; kAlignCorners i·(source − 1)/(target − 1).
// kArea and kPillow know the first alone. For kNearest kTopLeft is floor(i·scale), which is
// cv2.INTER_NEAREST, and kHalfPixel floor((i + 0.5)·scale), nearly
// always PIL's NEAREST.
enum class Centres : uint8_t { kHalfPixel, kTopLeft, kAlignCorners };

// What OpenCV does: kTopLeft for kNearest, else kHalfPixel.
Centres DefaultCentres(Kernel kernel);

// Like Pixels, of real numbers.
struct RealPixels {
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t channels = 0;
  std::vector<float> data;
};

// Bit for bit cv2.resize on uint8 with the default centres (table: docs/input.md); other centres
// use the same arithmetic. The aspect ratio is not kept. kInvalidArgument for an empty picture, a
// side of 0 or above image::kMaxSide, or a kernel without the centres.
Result<Pixels> ResizeBytes(
    const Pixels& source, uint32_t width, uint32_t height, Kernel kernel, Centres centres);

// The same on float32; kPillow is refused.
Result<RealPixels> ResizeReals(
    const RealPixels& source, uint32_t width, uint32_t height, Kernel kernel, Centres centres);

// ResizeBytes with kBilinear and half-pixel centres: 11-bit fixed-point weights rounded half to
// even, both sums cut to 16 bits above the weight before the final rounding.
Result<Pixels> StretchLinear(const Pixels& source, uint32_t width, uint32_t height);

}  // namespace plumb::preprocess
