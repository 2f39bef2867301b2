// Stretching a picture to a size.
#pragma once

#include <cstdint>

#include "common/base/status.h"
#include "common/preprocess/pixels.h"

namespace plumb::preprocess {

// Bit for bit cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR) on uint8
// (OpenCV 4.6): half-pixel centres, weights in 11-bit fixed point rounded half to even, both sums
// cut to 16 bits above the weight before the final rounding. The aspect ratio is not kept.
// kInvalidArgument for an empty picture or a side of 0 or above image::kMaxSide.
Result<Pixels> StretchLinear(const Pixels& source, uint32_t width, uint32_t height);

}  // namespace plumb::preprocess
