#include "common/analysis/adopted_scale.h"

#include <gmock/gmock.h>

#include "common/analysis/pair_comparator.h"

namespace plumb::analysis {
namespace {

using testing::HasSubstr;

Tensor Int16s(float scale, std::vector<uint8_t> bytes) {
  Tensor tensor;
  tensor.desc = MakeContiguousDesc("x", ElementType::kInt16, {2}).value();
  tensor.desc.scale = scale;
  tensor.bytes = Buffer::FromVector(std::move(bytes));
  return tensor;
}

TEST(AdoptedScaleTest, EqualIntegersAreEqualThoughTheBoardReportsNoScale) {
  const auto report = CompareTensors(Int16s(0.5F, {4, 0, 6, 0}), Int16s(0, {4, 0, 6, 0}), {});
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->equal);
  EXPECT_EQ(report->target_max, 3.0);  // 6 · 0.5
  EXPECT_THAT(report->reason,
              HasSubstr("the target reports no scale, so the reference's 0.5 is used for both"));
}

TEST(AdoptedScaleTest, DifferencesAreInTheReferencesUnits) {
  const auto report = CompareTensors(Int16s(0.5F, {4, 0, 6, 0}), Int16s(0, {4, 0, 8, 0}), {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->max_abs_error, 1.0);  // (8 − 6) · 0.5
  EXPECT_EQ(report->max_lsb_error, 2.0);
  EXPECT_THAT(report->reason, HasSubstr("no scale"));
}

TEST(AdoptedScaleTest, ReferenceMayLackItToo) {
  const auto report = CompareTensors(Int16s(0, {4, 0, 6, 0}), Int16s(0.25F, {4, 0, 6, 0}), {});
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->equal);
  EXPECT_THAT(report->reason, HasSubstr("the reference reports no scale, so the target's 0.25"));
}

TEST(AdoptedScaleTest, NothingIsAdoptedWithoutNeedOrBetweenTypes) {
  TensorDesc scaled = Int16s(0.5F, {}).desc;
  TensorDesc other = Int16s(0.25F, {}).desc;
  EXPECT_EQ(AdoptScale(scaled, other), "");
  EXPECT_EQ(other.scale, 0.25F);
  TensorDesc bare = Int16s(0, {}).desc;
  TensorDesc bare_too = bare;
  EXPECT_EQ(AdoptScale(bare, bare_too), "");
  bare.element_type = ElementType::kInt8;
  EXPECT_EQ(AdoptScale(scaled, bare), "");
  EXPECT_EQ(bare.scale, 0.0F);
  TensorDesc floats = bare;
  floats.element_type = ElementType::kFloat32;
  EXPECT_EQ(AdoptScale(scaled, floats), "");
}

}  // namespace
}  // namespace plumb::analysis
