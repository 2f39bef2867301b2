#include "common/ring/input_rule.h"

#include <gmock/gmock.h>

#include "common/runner/failure.h"

namespace plumb {
namespace {

using testing::HasSubstr;
using testing::Not;

// INT16 [1,4,4,5] of an S family: 4·4·5·2 = 160 bytes in 192.
TensorDesc RawInput() {
  TensorDesc desc;
  desc.name = "x";
  desc.element_type = ElementType::kInt16;
  desc.shape = {1, 4, 4, 5};
  desc.inner_stride = 10;
  desc.aligned_size = 192;
  desc.payload_size = 160;
  return desc;
}

TEST(InputRuleTest, TakesFromPayloadToAlignedSize) {
  for (const uint64_t size : {160U, 161U, 192U}) {
    EXPECT_TRUE(CheckInputSize(RawInput(), size, "f").ok()) << size;
  }
}

TEST(InputRuleTest, RefusesWithTheSizes) {
  for (const uint64_t size : {0U, 159U, 193U}) {
    const Status status = CheckInputSize(RawInput(), size, "in.bin");
    EXPECT_EQ(status.reason(), kReasonInputRefused) << size;
    EXPECT_THAT(status.message(), HasSubstr("'in.bin' has " + std::to_string(size) + " bytes"));
    EXPECT_THAT(status.message(), HasSubstr("160 to 192"));
    EXPECT_THAT(status.message(), Not(HasSubstr("family")));
    EXPECT_FALSE(status.hint().empty());
  }
}

TEST(InputRuleTest, NamesTheFamilyWhoseDumpItLooksLike) {
  // 1.x and Q store 8 elements where 5 are valid: 4·4·8·2 = 256.
  const Status status = CheckInputSize(RawInput(), 256, "in.bin");
  EXPECT_THAT(status.message(), HasSubstr("family 1.x, Q"));
}

TEST(InputRuleTest, PayloadOfPicturesComesFromTheFormatWhenNotReported) {
  TensorDesc desc;
  desc.shape = {1, 480, 800, 3};
  desc.element_type = ElementType::kNv12;
  desc.aligned_size = 576'000;
  EXPECT_EQ(InputPayload(desc), 576'000U);
  desc.element_type = ElementType::kArgb8888;
  desc.aligned_size = 1'536'000;
  EXPECT_EQ(InputPayload(desc), 1'536'000U);
  desc.element_type = ElementType::kGray;
  desc.shape = {1, 5, 7, 1};
  desc.aligned_size = 64;
  EXPECT_EQ(InputPayload(desc), 35U);
}

TEST(InputRuleTest, PayloadOfRowsComesFromTheStrideWhenNotReported) {
  TensorDesc desc = RawInput();
  desc.payload_size = 0;
  desc.inner_stride = 12;
  EXPECT_EQ(InputPayload(desc), 15U * 12U + 10U);
}

}  // namespace
}  // namespace plumb
