// Rounding as docs/formats/offline-model.md ("Arithmetic") defines it, written to be read.
#pragma once

#include <cstdint>

#include "common/npu/model/ops.h"
#include "common/npu/model/rounding.h"

namespace plumb::npu::reference {

// sum · mantissa / 2^shift, rounded from the exact product; |sum| ≤ 2^47.
int64_t Rescale(int64_t sum, const Multiplier& multiplier, RoundingProfile profile);

// numerator / denominator; denominator > 0, |numerator| < 2^62.
int64_t RoundDivide(int64_t numerator, int64_t denominator, RoundingProfile profile);

// numerator / denominator as the part above zero_point of an average; bounds as RoundDivide.
int64_t RoundAverage(int64_t numerator,
                     int64_t denominator,
                     int32_t zero_point,
                     RoundingProfile profile);

// value + zero_point, held within the clamp.
int16_t Finish(int64_t value, int32_t zero_point, const Clamp& clamp);

}  // namespace plumb::npu::reference
