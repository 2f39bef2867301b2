// One decoder per file format; called by image.cc, which has looked at the first bytes.
#pragma once

#include <cstdint>
#include <span>

#include "common/base/status.h"
#include "common/image/image.h"

namespace plumb::image {

Result<Image> DecodePng(std::span<const uint8_t> bytes);
// As the sensor stored it, whatever rule.orient says.
Result<Image> DecodeJpeg(std::span<const uint8_t> bytes, const DecodeRule& rule);
// Uncompressed, of 1, 4, 8 (palette), 16, 24 or 32 bits a pixel; alpha is dropped.
Result<Image> DecodeBmp(std::span<const uint8_t> bytes);
// P5 and P6 with a maximum of 255.
Result<Image> DecodeNetpbm(std::span<const uint8_t> bytes);

// An Image with its pixels allocated; kInvalidArgument for a size of 0 or above the limits.
Result<Image> AllocateImage(uint64_t width, uint64_t height);

}  // namespace plumb::image
