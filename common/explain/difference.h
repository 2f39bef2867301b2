// Two buffers element by element.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "common/explain/explain.h"

namespace plumb::explain {

// Element `index` as a number; `index` lies within the bytes.
double ElementAt(std::span<const uint8_t> bytes, ElementType type, size_t index);

// Integers differ when they are not equal; floats when they are further apart than rounding
// (1e-6 of the larger, or `floor`), NaN equals NaN.
bool Differs(double r, double t, ElementType type, double floor);

// For floats with a floor of 2.5e-7 of the target's largest.
Difference Measure(std::span<const uint8_t> reference,
                   std::span<const uint8_t> target,
                   ElementType type);

// A cheap no: a few hundred elements spread over the buffers, of which too many are too far apart
// for `target` to be accepted.
bool SurelyDifferent(std::span<const uint8_t> candidate,
                     std::span<const uint8_t> target,
                     ElementType type);

std::array<uint64_t, 19> HistogramOf(std::span<const uint8_t> reference,
                                     std::span<const uint8_t> target,
                                     ElementType type);

}  // namespace plumb::explain
