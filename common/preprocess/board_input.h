// The bytes of a model's input buffer as the PC's tools write them (--dump_rawdata, facts:
// docs/formats/mi_ipu.md "Input layout"): format, quantisation and alignment.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/preprocess/pixels.h"
#include "common/preprocess/rounding.h"
#include "common/tensor/family.h"

namespace plumb::preprocess {

// How a picture of one byte a sample lies in the buffer. 1 means no alignment.
struct PictureAlignment {
  uint32_t row_bytes = 1;  // a row of the buffer is a multiple of this many bytes
  uint32_t rows = 1;       // and the buffer a multiple of this many rows
};

// GRAY: 16 bytes and 2 rows on 1.x and Q, none on the S families.
PictureAlignment GrayAlignment(Family family);
// RGBA and BGRA: 16 bytes on 1.x and Q, none on the S families.
PictureAlignment FourChannelAlignment(Family family);

enum class AlphaOrder { kRgba, kBgra };

// RGB pixels with a fourth channel of 255. kInvalidArgument unless there are three channels.
Result<Pixels> AddAlpha(const Pixels& rgb, AlphaOrder order);

// The rows of `pixels`, zero-padded on the right and below.
Result<std::vector<uint8_t>> AlignPicture(const Pixels& pixels, const PictureAlignment& alignment);

// How a program differs from the PC's: its rounding, and a zero point that is added before the
// clip.
struct QuantizeRule {
  Rounding rounding = Rounding::kTruncate;
  int32_t zero_point = 0;
};

// RAWDATA_S16_NHWC: x / scale in float32, clipped to −32768 (1.x, Q) or −32767 (S families) …
// 32767, truncated towards zero; NaN gives 0.
// kInvalidArgument for a scale that is not finite and above 0.
Result<std::vector<int16_t>> QuantizeS16(std::span<const float> values,
                                         float scale,
                                         Family family,
                                         const QuantizeRule& rule = {});

// Rows of `innermost` int16 values, little-endian, zero-padded to RawInputInnermost of the family.
// kInvalidArgument unless the values are whole rows.
Result<std::vector<uint8_t>> AlignS16(std::span<const int16_t> values,
                                      uint64_t innermost,
                                      Family family);

// RAWDATA_F32_NHWC: the values as they are, little-endian.
std::vector<uint8_t> FloatBytes(std::span<const float> values);

}  // namespace plumb::preprocess
