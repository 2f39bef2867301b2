// The layout of input buffers: which formats a family has, and how rows are padded
// (facts: docs/input.md, "Formats and alignment").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/preprocess/recipe.h"

namespace plumb::preprocess {

// 1.x and Q pad pictures and the innermost dimension of RAWDATA; the S families do not by
// themselves.
bool PadsInputs(Family family);

// kInvalidArgument, naming both, for RAWDATA_F32_NHWC on 1.x and Q and COMPLEX64 on 1.x, Q and S1.
Status CheckFormat(npu::InputFormat format, Family family);

// A picture's buffer. YUV_NV12: of the Y plane; U and V follow in half as many rows of `pitch`.
struct BufferLayout {
  uint64_t row_size = 0;  // bytes of a row that are pixels
  uint64_t pitch = 0;
  uint64_t valid_rows = 0;
  uint64_t rows = 0;
  uint64_t size = 0;  // of the whole buffer
  uint32_t pixel_size = 1;
};

// Of a picture format. RGBA, BGRA: rows of 16 bytes on 1.x and Q, of `width_alignment` bytes on S
// (default 1; cut to whole pixels). GRAY, YUV_NV12: 16 and 2 on 1.x and Q; on S the two alignments,
// by default 1 and 1, 2 and 2. RGB, BGR: none. Errors as CheckFormat; kInvalidArgument for
// alignments of a format or family that has none, odd ones for YUV_NV12, sides of 0 or too large.
Result<BufferLayout> LayoutOf(const BufferRule& rule);

// Numbers that are no picture, `innermost` in a row: RAWDATA_S16_NHWC (needs rule.scale),
// RAWDATA_F32_NHWC; COMPLEX64 takes real and imaginary parts by turns. The innermost dimension is
// padded with zeros as the family does. kInvalidArgument for a picture format and as CheckFormat.
Result<std::vector<uint8_t>> EncodeNumbers(std::span<const float> values,
                                           uint64_t innermost,
                                           const BufferRule& rule);

}  // namespace plumb::preprocess
