// Two inputs as a picture: reference, target and heat map side by side.
#pragma once

#include "common/explain/explain.h"

namespace plumb::explain {

// From left to right the PC's input, the board's and where they differ (black: equal, through red
// to white: as far apart as it gets), each in the input's size and at least enlarged to 64 pixels.
// Of YUV_NV12 colours are made with the vendor's matrix; RAWDATA is stretched to 0…255 by the
// reference's extremes. kInvalidArgument when the size of the picture is not known.
Result<image::Image> PictureOfDifference(const Request& request);

}  // namespace plumb::explain
