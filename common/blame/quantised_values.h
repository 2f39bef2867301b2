// Real values as a network holds them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/blame/subgraph_runner.h"

namespace plumb::blame {

// round(x / scale) + zero point, ties to even, clamped; NaN becomes the zero point.
std::vector<int16_t> Stored(const NetworkTensor& tensor, std::span<const float> values);

std::vector<float> Real(const NetworkTensor& tensor, std::span<const int16_t> stored);

// The nearest values that the tensor can hold; themselves where it holds real numbers.
std::vector<float> Rounded(const NetworkTensor& tensor, std::span<const float> values);

// Values that the tensor can hold too, but rounded up or down by chance: down with as much
// probability as the value is near to the lower of the two. A value beyond the range goes as far
// inside as it was outside, so that what it loses by clamping moves it as much the other way. The
// same `seed` gives the same.
std::vector<float> RoundedByChance(const NetworkTensor& tensor,
                                   std::span<const float> values,
                                   uint64_t seed);

// √(Σ(a − b)² / Σr²), all of one size; 0 where a equals b, infinite where only r is zero.
double RelativeL2(std::span<const float> a, std::span<const float> b, std::span<const float> r);

bool AllFinite(std::span<const float> values);

}  // namespace plumb::blame
