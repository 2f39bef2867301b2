#include "common/tensor/family.h"

#include <gtest/gtest.h>

#include "common/tensor/element_type.h"

namespace plumb {
namespace {

TEST(Family, NamesComeBack) {
  for (const Family family : {Family::k1x, Family::kQ, Family::kS1, Family::kS3, Family::kS6}) {
    EXPECT_EQ(ParseFamily(FamilyName(family)), family);
  }
  EXPECT_EQ(ParseFamily("S2"), std::nullopt);
  EXPECT_EQ(ParseFamily("s6"), std::nullopt);
  EXPECT_EQ(KnownFamilies(), "1.x, Q, S1, S3, S6");
}

TEST(Family, OutputPaddingOfEachFamily) {
  constexpr auto kFloat = ElementType::kFloat32;
  constexpr auto kShort = ElementType::kInt16;
  // The SDK's example: [1,13,13,255] is stored 256 wide by 1.x.
  EXPECT_EQ(OutputInnermost(Family::k1x, kFloat, 255), 256U);
  EXPECT_EQ(OutputInnermost(Family::k1x, kShort, 255), 256U);
  EXPECT_EQ(OutputInnermost(Family::k1x, kShort, 8), 8U);
  EXPECT_EQ(OutputInnermost(Family::kQ, kShort, 1), 8U);
  EXPECT_EQ(OutputInnermost(Family::kQ, kFloat, 1), 1U);
  for (const Family family : {Family::kS1, Family::kS3, Family::kS6}) {
    EXPECT_EQ(OutputInnermost(family, kShort, 255), 255U);
    EXPECT_EQ(OutputInnermost(family, kFloat, 255), 255U);
  }
}

TEST(Family, RawInputPadding) {
  EXPECT_EQ(RawInputInnermost(Family::k1x, ElementType::kInt16, 3), 8U);
  EXPECT_EQ(RawInputInnermost(Family::kQ, ElementType::kInt16, 3), 8U);
  EXPECT_EQ(RawInputInnermost(Family::kQ, ElementType::kFloat32, 3), 3U);
  EXPECT_EQ(RawInputInnermost(Family::kS6, ElementType::kInt16, 3), 3U);
}

TEST(ElementType, NumbersOfTheBoardsInterface) {
  EXPECT_EQ(ElementTypeFromMi(0), ElementType::kUint8);
  EXPECT_EQ(ElementTypeFromMi(2), ElementType::kInt16);
  EXPECT_EQ(ElementTypeFromMi(5), ElementType::kFloat32);
  EXPECT_EQ(ElementTypeFromMi(6), ElementType::kUnknown);
  EXPECT_EQ(ElementTypeFromMi(10), ElementType::kComplex64);
  EXPECT_EQ(ElementTypeFromMi(11), std::nullopt);
  EXPECT_EQ(ElementTypeFromMi(0xFFFFFFFF), std::nullopt);
  for (uint32_t number = 0; number <= 10; ++number) {
    EXPECT_EQ(MiFormat(*ElementTypeFromMi(number)), number);
  }
  EXPECT_EQ(MiFormat(ElementType::kFloat16), std::nullopt);
}

TEST(ElementType, NamesAndSizes) {
  EXPECT_EQ(ElementTypeName(ElementType::kInt16), "s16");
  EXPECT_EQ(ParseElementType("f32"), ElementType::kFloat32);
  EXPECT_EQ(ParseElementType("F32"), std::nullopt);
  EXPECT_EQ(ParseElementType(""), std::nullopt);
  EXPECT_EQ(ElementSize(ElementType::kArgb8888), 4U);
  EXPECT_EQ(ElementSize(ElementType::kUnknown), 0U);
  EXPECT_EQ(ElementSize(static_cast<ElementType>(200)), 0U);
}

}  // namespace
}  // namespace plumb
