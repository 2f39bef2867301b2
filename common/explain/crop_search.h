// The part of the picture that a board cropped, by descent.
#pragma once

#include <functional>

#include "common/explain/hypothesis.h"

namespace plumb::explain {

// How far the input made with this crop is from the board's; large where there is none.
using CropCost = std::function<double(const preprocess::Crop& crop)>;

// A rectangle whose cost no move of an edge, or of opposite edges together, by 1 to 16 pixels
// betters; it starts at `now` (the whole picture for kNone).
preprocess::Crop FindCrop(const PictureSize& size,
                          const preprocess::Crop& now,
                          const CropCost& cost);

Hypothesis CropHypothesis(const preprocess::Crop& crop);

}  // namespace plumb::explain
