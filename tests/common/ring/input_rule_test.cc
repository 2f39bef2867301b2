#include "common/ring/input_rule.h"

#include <string>

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
    EXPECT_THAT(status.message(), HasSubstr("256 in 1.x and Q, 160 in S1, S3 and S6"));
    EXPECT_THAT(status.message(), Not(HasSubstr("looks like")));
    EXPECT_FALSE(status.hint().empty());
  }
}

TEST(InputRuleTest, NamesTheFamilyWhoseDumpItLooksLike) {
  // 1.x and Q store 8 elements where 5 are valid: 4·4·8·2 = 256.
  const Status status = CheckInputSize(RawInput(), 256, "in.bin");
  EXPECT_THAT(status.message(), HasSubstr("this looks like a 1.x or Q dump"));
  EXPECT_THAT(status.hint(), HasSubstr("this board's family"));
}

// INT16 [1,4,4,5] of a 1.x board without a reported payload: rows of 8 elements.
TensorDesc OldRawInput() {
  TensorDesc desc = RawInput();
  desc.inner_stride = 16;
  desc.aligned_size = 256;
  desc.payload_size = 0;
  return desc;
}

struct WrongSize {
  const char* name;
  TensorDesc desc;
  uint64_t size;
  const char* takes;
  const char* cause;
};

TensorDesc PictureInput(ElementType type, uint32_t width, uint64_t payload, uint64_t aligned) {
  TensorDesc desc;
  desc.name = "x";
  desc.element_type = type;
  desc.shape = {1, 5, width, type == ElementType::kGray ? 1 : 3};
  desc.payload_size = payload;
  desc.aligned_size = aligned;
  return desc;
}

class WrongSizeTest : public testing::TestWithParam<WrongSize> {};

TEST_P(WrongSizeTest, IsRefusedWithItsCause) {
  const WrongSize& wrong = GetParam();
  const Status status = CheckInputSize(wrong.desc, wrong.size, "in.bin");
  EXPECT_EQ(status.reason(), kReasonInputRefused);
  EXPECT_THAT(status.message(), HasSubstr(wrong.takes));
  EXPECT_THAT(status.message(), HasSubstr(wrong.cause));
  EXPECT_FALSE(status.hint().empty());
}

// Sizes by hand: 7 pixels are 16 in rows of 16, 5 rows are 6 where the height is even.
INSTANTIATE_TEST_SUITE_P(
    Sizes,
    WrongSizeTest,
    testing::Values(
        WrongSize{"Empty", RawInput(), 0, "160 to 192", "the file is empty"},
        WrongSize{"OneShort", RawInput(), 159, "160 to 192", "1 byte too few"},
        WrongSize{"OneLong", RawInput(), 193, "160 to 192", "1 byte too many"},
        // 15 rows of 16 bytes and one of 10.
        WrongSize{"NewDumpOnOldBoard",
                  OldRawInput(),
                  160,
                  "250 to 256",
                  "this looks like an S1, S3 or S6 dump"},
        WrongSize{"Floats", RawInput(), 320, "160 to 192", "FP32 values, but the model takes s16"},
        WrongSize{"Bytes", RawInput(), 80, "160 to 192", "8-bit values"},
        WrongSize{"Npy", RawInput(), 288, "160 to 192", "a .npy file"},
        WrongSize{"ThreeInputs", RawInput(), 480, "160 to 192", "3 inputs behind each other"},
        // GRAY 5x7: 35; 1.x and Q 6 rows of 16.
        WrongSize{"OldGray",
                  PictureInput(ElementType::kGray, 7, 35, 64),
                  96,
                  "35 to 64",
                  "96 in 1.x and Q, 35 in S1, S3 and S6: this looks like a 1.x or Q dump"},
        // BGRA 5x7: 5 rows of 28 bytes; 1.x and Q rows of 32.
        WrongSize{"NewBgraOnOldBoard",
                  PictureInput(ElementType::kArgb8888, 7, 0, 192),
                  140,
                  "takes 160 to 192",
                  "this looks like an S1, S3 or S6 dump"},
        // NV12 5x7: 6 rows of 8, 48 + 24; 1.x and Q 6 rows of 16, 96 + 48.
        WrongSize{"OldNv12",
                  PictureInput(ElementType::kNv12, 7, 72, 128),
                  144,
                  "72 to 128",
                  "144 in 1.x and Q, 72 in S1, S3 and S6: this looks like a 1.x or Q dump"},
        WrongSize{"RgbForNv12",
                  PictureInput(ElementType::kNv12, 8, 72, 72),
                  120,
                  "takes 72 (",
                  "8-bit values"},
        WrongSize{"OldFloats",
                  [] {
                    TensorDesc desc = RawInput();
                    desc.element_type = ElementType::kFloat32;
                    desc.inner_stride = 20;
                    desc.payload_size = 320;
                    desc.aligned_size = 320;
                    return desc;
                  }(),
                  333,
                  "takes 320 (",
                  "none in 1.x and Q, 320 in S1, S3 and S6"}),
    [](const testing::TestParamInfo<WrongSize>& one) { return std::string(one.param.name); });

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
