// A picture to the bytes of an input buffer as a Recipe says, in two halves so that one preparation
// can be encoded in many ways.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/status.h"
#include "common/preprocess/recipe.h"

namespace plumb::preprocess {

// The picture in the input's size: R, G, B or, for a recipe whose buffer is gray, one channel.
// Exactly one of the two holds data.
struct Prepared {
  Pixels bytes;
  RealPixels reals;  // after a resize in float32 that nothing rounded

  [[nodiscard]] bool real() const { return !reals.data.empty(); }
};

// Whether the buffer holds one channel: GRAY, and YUV_NV12 or RAWDATA of a network trained on GRAY.
bool IsGray(const Recipe& recipe);

// Crop, resize, round, fill, gray. kInvalidArgument for a crop outside the picture and as
// ResizeBytes.
Result<Prepared> Prepare(const image::Image& picture, const Recipe& recipe);

// Colour order, normalisation, quantisation, alignment. kInvalidArgument as CheckFormat and
// LayoutOf, and for COMPLEX64: a picture holds no complex numbers.
Result<std::vector<uint8_t>> Encode(const Prepared& prepared, const Recipe& recipe);

// Both.
Result<std::vector<uint8_t>> Synthesize(const image::Image& picture, const Recipe& recipe);

}  // namespace plumb::preprocess
