// Real factors to frozen integers. Used while quantising; nothing here is called at run time.
#pragma once

#include "common/base/status.h"
#include "common/npu/model/ops.h"

namespace plumb::npu {

// The nearest multiplier with a 31-bit mantissa (2^30 ≤ mantissa < 2^31; fewer bits below 2^−32,
// {0, 31} for zero). kInvalidArgument for a negative, non-finite or ≥ 2^15 factor.
Result<Multiplier> FreezeMultiplier(double factor);

// For AveragePool2d and Mean: a multiplier without trailing zero bits (1.0 is {1, 0}) and so few
// bits that sums of up to `max_count` elements cannot overflow.
Result<Multiplier> FreezePoolMultiplier(double factor, int64_t max_count);

// Both factors (input scale / output scale; negative b for SUB) over one shift, 31 bits for the
// larger. The clamp is left to the caller.
Result<Add> FreezeAdd(double factor_a, double factor_b);

// exp(−d · scale_beta) tables as Softmax wants them for an input of `bits` 8 or 16, and 1 /
// output_scale as its multiplier. The clamp is left to the caller.
Result<Softmax> FreezeSoftmax(double scale_beta, int bits, double output_scale);

// Taps of one axis as TFLite's RESIZE_BILINEAR places them.
Taps FreezeBilinearTaps(int32_t input_size,
                        int32_t output_size,
                        bool align_corners,
                        bool half_pixel_centers);
// Source index of each output position as TFLite's RESIZE_NEAREST_NEIGHBOR chooses it.
std::vector<int32_t> FreezeNearestIndices(int32_t input_size,
                                          int32_t output_size,
                                          bool align_corners,
                                          bool half_pixel_centers);

}  // namespace plumb::npu
