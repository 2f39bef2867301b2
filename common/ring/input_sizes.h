// How large a dump of one input is in every SDK family, and what a file of a wrong size may be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/tensor/family.h"
#include "common/tensor/tensor_desc.h"

namespace plumb {

// Bytes of a DUMP_RAWDATA file for this input in `family` (docs/formats/mi_ipu.md, "What is
// padded"); empty where the family has no such input (FP32 and COMPLEX64 in 1.x and Q) or the
// shape's size does not fit in 64 bits.
std::optional<uint64_t> DumpSize(const TensorDesc& desc, Family family);

// Bytes of a picture whose rows hold a multiple of `row_alignment` (pixels; for 4-byte pixels:
// bytes) and that is a multiple of `height_alignment` high. Empty when it does not fit, or for a
// shape of less than three dimensions.
std::optional<uint64_t> PictureBytes(const TensorDesc& desc,
                                     uint64_t row_alignment,
                                     uint64_t height_alignment);

// "256 in 1.x and Q, 160 in S1, S3 and S6": families of one size together.
std::string SizesOfFamilies(const TensorDesc& desc);

// Why a file may have a size that was refused, and what to do about it.
struct SizeCause {
  std::string text;  // "this looks like a 1.x or Q dump"; empty: nothing is known
  std::string hint;  // never empty
};

// `size` lies outside [payload, desc.aligned_size].
SizeCause LikelyCause(const TensorDesc& desc, uint64_t payload, uint64_t size);

}  // namespace plumb
