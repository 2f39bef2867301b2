// Raw elements to doubles: the one place that knows how each element format is read.
#pragma once

#include <cstdint>
#include <span>

#include "common/tensor/tensor_desc.h"

namespace plumb {

float HalfToFloat(uint16_t half);
// Rounds to nearest, ties to even; beyond 65504 and a half step to infinity.
uint16_t FloatToHalf(float value);

// How many doubles `bytes` bytes of this type give (complex numbers two each).
uint64_t ValuesIn(ElementType type, uint64_t bytes);

// Reads values.size() elements from `source` (unaligned, little-endian) and dequantises integers
// with a non-zero scale: (q − zero_point) · scale, computed in double. Without a scale: q itself.
void ToDoubles(const TensorDesc& desc, const uint8_t* source, std::span<double> values);

}  // namespace plumb
