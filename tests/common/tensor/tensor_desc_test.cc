#include "common/tensor/tensor_desc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb {
namespace {

using testing::HasSubstr;

TensorDesc Desc(ElementType type, const Shape& shape, uint32_t stride, uint64_t aligned_size) {
  TensorDesc desc;
  desc.name = "out";
  desc.element_type = type;
  desc.shape = shape;
  desc.inner_stride = stride;
  desc.aligned_size = aligned_size;
  return desc;
}

void ExpectRegion(const TensorDesc& desc, uint64_t rows, uint64_t row_size, uint64_t row_pitch) {
  const auto region = ValidRegionOf(desc);
  ASSERT_TRUE(region.ok()) << region.status().ToString();
  EXPECT_EQ(region->rows, rows);
  EXPECT_EQ(region->row_size, row_size);
  EXPECT_EQ(region->row_pitch, row_pitch);
}

void ExpectRefused(const TensorDesc& desc, const std::string& why) {
  const Status status = ValidRegionOf(desc).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << DescribeTensor(desc);
  EXPECT_THAT(status.message(), HasSubstr(why));
  EXPECT_THAT(status.message(), HasSubstr("'out'"));
}

constexpr auto kShort = ElementType::kInt16;

TEST(ValidRegion, OfTheSdksPaddedExample) {
  // [1,13,13,255] int16, rows of 256 elements, 64-byte rounding of the whole.
  const auto desc = Desc(kShort, {1, 13, 13, 255}, 512, 86'528);
  ExpectRegion(desc, 169, 510, 512);
  EXPECT_EQ(ValidRegionOf(desc)->valid_size(), 86'190U);
  EXPECT_EQ(ValidRegionOf(desc)->extent(), 86'526U);
  EXPECT_EQ(ElementCount(desc), 43'095U);
}

TEST(ValidRegion, WithoutAStrideRowsAreContiguous) {
  ExpectRegion(Desc(kShort, {2, 3}, 0, 12), 2, 6, 6);
  ExpectRegion(Desc(ElementType::kFloat32, {}, 0, 4), 1, 4, 4);
  EXPECT_TRUE(ValidRegionOf(Desc(kShort, {2, 3}, 0, 12))->contiguous());
}

TEST(ValidRegion, OneRowMayHaveAnyStrideThatHoldsIt) {
  ExpectRegion(Desc(kShort, {1, 10}, 20, 64), 1, 20, 20);
  ExpectRefused(Desc(kShort, {1, 10}, 4, 64), "less than a row of 20");
  ExpectRegion(Desc(kShort, {1, 10}, 4'000'000'000U, 64), 1, 20, 4'000'000'000U);
}

TEST(ValidRegion, TheLastRowNeedsNoPadding) {
  ExpectRegion(Desc(kShort, {2, 3}, 16, 22), 2, 6, 16);
  ExpectRefused(Desc(kShort, {2, 3}, 16, 21), "needs more than the 21 bytes");
}

TEST(ValidRegion, EmptyTensorsHaveNoRows) {
  ExpectRegion(Desc(kShort, {5, 0}, 0, 0), 0, 0, 0);
  EXPECT_EQ(ValidRegionOf(Desc(kShort, {0, 5}, 0, 0))->extent(), 0U);
  EXPECT_EQ(ElementCount(Desc(kShort, {5, 0}, 0, 0)), 0U);
}

TEST(ValidRegion, RefusesWhatAPeerMayLieAbout) {
  ExpectRefused(Desc(ElementType::kUnknown, {1}, 0, 64), "element format is unknown");
  ExpectRefused(Desc(static_cast<ElementType>(99), {1}, 0, 64), "element format is unknown");
  ExpectRefused(Desc(kShort, {2, 10}, 19, 64), "less than a row of 20");
  ExpectRefused(Desc(kShort, {2, 10}, 20, 39), "needs more than");
  ExpectRefused(Desc(kShort, {1}, 0, kMaxTensorSize + 1), "too large");
  ExpectRefused(Desc(kShort, {1}, 0, UINT64_MAX), "too large");
  const auto huge = *Shape::Create(std::vector<int64_t>(4, 0x7FFFFFFF));
  ExpectRefused(Desc(kShort, huge, 0, 64), "too large");
  // Rows and pitch each fit, their product does not.
  const auto wide = *Shape::Create(std::vector<int64_t>{0x7FFFFFFF, 0x7FFFFFFF, 1});
  ExpectRefused(Desc(kShort, wide, 0xFFFFFFFF, 64), "needs more than");
}

TEST(ValidRegion, APictureIsItsPayload) {
  // [1,480,800,3] NV12 has H*W*3/2 bytes, whatever the shape says.
  auto desc = Desc(ElementType::kNv12, {1, 480, 800, 3}, 0, 576'000);
  ExpectRegion(desc, 1, 576'000, 576'000);
  desc.aligned_size = 576'064;
  desc.payload_size = 576'000;
  ExpectRegion(desc, 1, 576'000, 576'000);
  desc.payload_size = 576'065;
  ExpectRefused(desc, "larger than its buffer");
}

TEST(MakeContiguousDesc, HasExactSizes) {
  const auto desc = MakeContiguousDesc("out", ElementType::kFloat32, {2, 3});
  ASSERT_TRUE(desc.ok());
  EXPECT_EQ(desc->aligned_size, 24U);
  EXPECT_EQ(desc->payload_size, 24U);
  EXPECT_EQ(desc->inner_stride, 0U);
  const auto huge = *Shape::Create(std::vector<int64_t>(2, 0x7FFFFFFF));
  EXPECT_FALSE(MakeContiguousDesc("out", ElementType::kFloat64, huge).ok());
}

TEST(DescribeTensor, SaysWhatMattersAndEscapesTheName) {
  auto desc = Desc(kShort, {1, 10}, 32, 64);
  desc.name = "a\n";
  desc.scale = 0.5F;
  EXPECT_EQ(DescribeTensor(desc), "a\\x0a s16[1x10] stride 32 scale 0.5 zero point 0, 64 bytes");
}

}  // namespace
}  // namespace plumb
