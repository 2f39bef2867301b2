// RGB to YUV_NV12 as the PC's tools of the S families make it.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/status.h"
#include "common/preprocess/pixels.h"
#include "common/tensor/family.h"

namespace plumb::preprocess {

// A plane of Y, then one of pairs U, V for each 2 × 2 pixels (of an odd side the last is doubled).
// Y = (218 R + 732 G + 74 B) / 1024, U = (−117 R − 395 G + 512 B) / 1024 + 128,
// V = (512 R − 465 G − 47 B) / 1024 + 128, the mean of the four for U and V, rounded half up,
// 0…255. Rows and their number are multiples of 16 and 2 in 1.x and Q, of 2 and 2 in the S
// families, filled up with zeros. Grey pixels (one channel) are Y as they are, with U and V zero.
// kInvalidArgument unless there are one or three channels.
Result<std::vector<uint8_t>> EncodeNv12(const Pixels& pixels, Family family);

}  // namespace plumb::preprocess
