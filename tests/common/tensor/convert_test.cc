#include "common/tensor/convert.h"

#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "common/tensor/tensor.h"

namespace plumb {
namespace {

TEST(Half, KnownBitPatterns) {
  // IEEE 754 binary16 by its definition.
  EXPECT_EQ(HalfToFloat(0x0000), 0.0F);
  EXPECT_TRUE(std::signbit(HalfToFloat(0x8000)));
  EXPECT_EQ(HalfToFloat(0x3C00), 1.0F);
  EXPECT_EQ(HalfToFloat(0xC000), -2.0F);
  EXPECT_EQ(HalfToFloat(0x7BFF), 65504.0F);
  EXPECT_EQ(HalfToFloat(0x0400), std::ldexp(1.0F, -14));
  EXPECT_EQ(HalfToFloat(0x0001), std::ldexp(1.0F, -24));
  EXPECT_EQ(HalfToFloat(0x3555), 0.333251953125F);
  EXPECT_TRUE(std::isinf(HalfToFloat(0x7C00)));
  EXPECT_TRUE(std::isnan(HalfToFloat(0x7E00)));
}

TEST(Half, EveryHalfComesBackFromItsFloat) {
  for (uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    if (!std::isnan(HalfToFloat(half))) {
      ASSERT_EQ(FloatToHalf(HalfToFloat(half)), half) << bits;
    }
  }
  EXPECT_TRUE(std::isnan(HalfToFloat(FloatToHalf(NAN))));
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(FloatToHalf(1.0F + std::ldexp(1.0F, -11)), 0x3C00) << "a tie goes to even";
  EXPECT_EQ(FloatToHalf(1.0F + 3 * std::ldexp(1.0F, -11)), 0x3C02);
  EXPECT_EQ(FloatToHalf(65519.0F), 0x7BFF);
  EXPECT_EQ(FloatToHalf(65520.0F), 0x7C00);
  EXPECT_EQ(FloatToHalf(std::ldexp(1.0F, -25)), 0x0000);
  EXPECT_EQ(FloatToHalf(std::ldexp(1.5F, -25)), 0x0001);
  EXPECT_EQ(FloatToHalf(std::nextafter(2.0F, 0.0F)), 0x4000) << "a carry into the exponent";
}

template <class T>
std::vector<double> Convert(ElementType type, std::vector<T> values, float scale, int64_t zero) {
  TensorDesc desc;
  desc.element_type = type;
  desc.scale = scale;
  desc.zero_point = zero;
  // One byte off, because elements in a message or a file may lie anywhere.
  std::vector<uint8_t> bytes(values.size() * sizeof(T) + 1);
  std::memcpy(bytes.data() + 1, values.data(), values.size() * sizeof(T));
  std::vector<double> doubles(ValuesIn(type, values.size() * sizeof(T)));
  ToDoubles(desc, bytes.data() + 1, doubles);
  return doubles;
}

using Doubles = std::vector<double>;

TEST(ToDoubles, DequantisesIntegers) {
  EXPECT_EQ(Convert<uint8_t>(ElementType::kUint8, {0, 128, 255}, 0.5F, 128),
            (Doubles{-64, 0, 63.5}));
  EXPECT_EQ(Convert<int8_t>(ElementType::kInt8, {-128, 127}, 2.0F, -1), (Doubles{-254, 256}));
  EXPECT_EQ(Convert<int16_t>(ElementType::kInt16, {-32768, 32767}, 0.25F, 0),
            (Doubles{-8192, 8191.75}));
  EXPECT_EQ(Convert<uint16_t>(ElementType::kUint16, {65535}, 1.0F, 0), Doubles{65535});
  EXPECT_EQ(Convert<int32_t>(ElementType::kInt32, {INT32_MIN}, 1.0F, 0), Doubles{-2147483648.0});
  EXPECT_EQ(Convert<int64_t>(ElementType::kInt64, {1LL << 40}, 0.5F, 0),
            Doubles{static_cast<double>(1LL << 39)});
}

TEST(ToDoubles, WithoutAScaleIntegersAreThemselves) {
  EXPECT_EQ(Convert<int16_t>(ElementType::kInt16, {7, -7}, 0, 3), (Doubles{7, -7}));
  EXPECT_EQ(Convert<uint8_t>(ElementType::kBool, {0, 1}, 0, 0), (Doubles{0, 1}));
}

TEST(ToDoubles, NeverScalesFloats) {
  EXPECT_EQ(Convert<float>(ElementType::kFloat32, {1.5F}, 0.001F, 9), Doubles{1.5});
  EXPECT_EQ(Convert<double>(ElementType::kFloat64, {0.1}, 2.0F, 9), Doubles{0.1});
  EXPECT_EQ(Convert<uint16_t>(ElementType::kFloat16, {0x3C00}, 2.0F, 9), Doubles{1});
  EXPECT_EQ(Convert<float>(ElementType::kComplex64, {1, -2, 3, -4}, 2.0F, 9),
            (Doubles{1, -2, 3, -4}));
}

TEST(ToDoubles, PicturesAreSamples) {
  EXPECT_EQ(ValuesIn(ElementType::kArgb8888, 8), 8U);
  EXPECT_EQ(ValuesIn(ElementType::kNv12, 24), 24U);
  EXPECT_EQ(ValuesIn(ElementType::kUnknown, 24), 0U);
  EXPECT_EQ(Convert<uint8_t>(ElementType::kGray, {9, 200}, 0, 0), (Doubles{9, 200}));
}

TEST(RealValues, LeavesPaddingOut) {
  Tensor tensor;
  tensor.desc = *MakeContiguousDesc("t", ElementType::kInt8, {2, 3});
  tensor.desc.inner_stride = 5;
  tensor.desc.aligned_size = 10;
  tensor.desc.scale = 0.5F;
  tensor.bytes = Buffer::FromVector({1, 2, 3, 99, 99, 4, 5, 6, 99, 99});
  EXPECT_EQ(*RealValues(tensor), (Doubles{0.5, 1, 1.5, 2, 2.5, 3}));
  tensor.bytes = tensor.bytes.Slice(0, 8);
  EXPECT_TRUE(RealValues(tensor).ok()) << "the last row's padding may be missing";
  tensor.bytes = tensor.bytes.Slice(0, 7);
  EXPECT_EQ(RealValues(tensor).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumb
