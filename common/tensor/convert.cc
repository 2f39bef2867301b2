#include "common/tensor/convert.h"

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
