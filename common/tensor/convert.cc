#include "common/tensor/convert.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace plumb {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are little-endian in memory");

template <class T>
T Load(const uint8_t* source) {
  T value;
  std::memcpy(&value, source, sizeof value);
  return value;
}

template <class T>
void Floats(const uint8_t* source, std::span<double> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>(Load<T>(source + i * sizeof(T)));
  }
}

template <class T>
void Integers(const TensorDesc& desc, const uint8_t* source, std::span<double> values) {
  const double scale = desc.scale == 0 ? 1.0 : static_cast<double>(desc.scale);
  const double zero_point = desc.scale == 0 ? 0.0 : static_cast<double>(desc.zero_point);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = (static_cast<double>(Load<T>(source + i * sizeof(T))) - zero_point) * scale;
  }
}

}  // namespace

float HalfToFloat(uint16_t half) {
  const uint32_t exponent = (half >> 10U) & 31U;
  const uint32_t mantissa = half & 1023U;
  float value = 0;
  if (exponent == 31) {
    value = mantissa != 0 ? std::numeric_limits<float>::quiet_NaN()
                          : std::numeric_limits<float>::infinity();
  } else if (exponent == 0) {
    value = std::ldexp(static_cast<float>(mantissa), -24);
  } else {
    value = std::ldexp(static_cast<float>(mantissa | 1024U), static_cast<int>(exponent) - 25);
  }
  return (half & 0x8000U) != 0 ? -value : value;
}

uint16_t FloatToHalf(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16U) & 0x8000U);
  if (std::isnan(value)) {
    return static_cast<uint16_t>(sign | 0x7E00U);
  }
  const float magnitude = std::abs(value);
  if (magnitude == 0) {
    return sign;
  }
  if (magnitude >= 65520.0F) {
    return static_cast<uint16_t>(sign | 0x7C00U);
  }
  // The half's step at this size; dividing by a power of two is exact, so only nearbyint rounds.
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  const int step = std::max(exponent - 11, -24);
  const auto steps = static_cast<uint32_t>(std::nearbyint(std::ldexp(magnitude, -step)));
  // Below 1024 steps the number is subnormal; from 2048 on the carry lands in the exponent.
  const uint32_t biased = static_cast<uint32_t>(step + 24) << 10U;
  return static_cast<uint16_t>(sign | (biased + steps));
}

uint64_t ValuesIn(ElementType type, uint64_t bytes) {
  switch (type) {
    case ElementType::kUnknown:
      return 0;
    case ElementType::kComplex64:
      return bytes / sizeof(float);
    default:
      return IsPicture(type) ? bytes : bytes / ElementSize(type);
  }
}

void ToDoubles(const TensorDesc& desc, const uint8_t* source, std::span<double> values) {
  switch (desc.element_type) {
    case ElementType::kFloat32:
    case ElementType::kComplex64:
      return Floats<float>(source, values);
    case ElementType::kFloat64:
      return Floats<double>(source, values);
    case ElementType::kFloat16:
      for (size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<double>(HalfToFloat(Load<uint16_t>(source + 2 * i)));
      }
      return;
    case ElementType::kInt8:
      return Integers<int8_t>(desc, source, values);
    case ElementType::kInt16:
      return Integers<int16_t>(desc, source, values);
    case ElementType::kUint16:
      return Integers<uint16_t>(desc, source, values);
    case ElementType::kInt32:
      return Integers<int32_t>(desc, source, values);
    case ElementType::kInt64:
      return Integers<int64_t>(desc, source, values);
    case ElementType::kUnknown:
      return;
    case ElementType::kUint8:
    case ElementType::kBool:
    case ElementType::kNv12:
    case ElementType::kArgb8888:
    case ElementType::kAbgr8888:
    case ElementType::kGray:
      return Integers<uint8_t>(desc, source, values);
  }
}

}  // namespace plumb
