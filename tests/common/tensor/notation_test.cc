#include "common/tensor/notation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb {
namespace {

using testing::HasSubstr;

std::string RoundTrip(const std::string& text) {
  const auto tensor = ParseTensor("t", text);
  return tensor.ok() ? FormatTensor(*tensor).value() : "refused";
}

TEST(TensorSpec, HasShapeTypePitchAndQuantisation) {
  const auto desc = ParseTensorSpec("out", "13x13x255xs16@512,scale=0.25,zero=-3");
  ASSERT_TRUE(desc.ok()) << desc.status().ToString();
  EXPECT_EQ(desc->name, "out");
  EXPECT_EQ(desc->element_type, ElementType::kInt16);
  EXPECT_EQ(desc->shape, (Shape{13, 13, 255}));
  EXPECT_EQ(desc->inner_stride, 512U);
  EXPECT_EQ(desc->aligned_size, 86'528U);
  EXPECT_EQ(desc->scale, 0.25F);
  EXPECT_EQ(desc->zero_point, -3);
}

TEST(TensorSpec, WithoutAPitchTheSizeIsExact) {
  EXPECT_EQ(ParseTensorSpec("t", "1x10xf32")->aligned_size, 40U);
  EXPECT_EQ(ParseTensorSpec("t", "f64")->aligned_size, 8U);
  EXPECT_EQ(ParseTensorSpec("t", "0x4xu8")->aligned_size, 0U);
}

TEST(TensorSpec, RefusalsSayWhatToWrite) {
  for (const char* spec : {"",
                           "x",
                           "1x10",
                           "1x10xq8",
                           "f32x10",
                           "-1xf32",
                           "1xxf32",
                           "1.5xf32",
                           "10xf32@",
                           "2x10xf32@39",
                           "10xf32@0",
                           "10xf32@99999999999",
                           "2147483647x2147483647xf32",
                           "4294967296xf32",
                           "1x1x1x1x1x1x1x1x1x1x1xf32",
                           "10xs16,scale=0",
                           "10xs16,scale=-1",
                           "10xs16,scale=nan",
                           "10xs16,scale=1e99",
                           "10xs16,zero=1.5",
                           "10xs16,offset=1",
                           "10xs16,",
                           "1x2x2x3xnv12"}) {
    const Status status = ParseTensorSpec("t", spec).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << spec;
    EXPECT_THAT(status.hint(), HasSubstr("1x10xf32")) << spec;
  }
}

TEST(TensorNotation, ComesBack) {
  for (const char* text : {"2x2xf32=1,2,3,4",
                           "f32=3.5",
                           "3xf32=nan,inf,-inf",
                           "2xf64=0.1,1e-300",
                           "2xf16=0.5,65504",
                           "3xs8=-128,0,127",
                           "2xu8=0,255",
                           "2xs16=-32768,32767",
                           "2xu16=0,65535",
                           "2xs32=-2147483648,2147483647",
                           "2xs64=-9223372036854775808,9223372036854775807",
                           "2xbool=0,1",
                           "0x2xf32="}) {
    EXPECT_EQ(RoundTrip(text), text);
  }
}

TEST(TensorNotation, BracketsAndSpacesAreFreeAndOneValueFills) {
  EXPECT_EQ(RoundTrip("2x2xf32=[1 2][3 4]"), "2x2xf32=1,2,3,4");
  EXPECT_EQ(RoundTrip("2x2xs32=[[1, 2], [3, 4]]"), "2x2xs32=1,2,3,4");
  EXPECT_EQ(RoundTrip("4xs16=7"), "4xs16=7,7,7,7");
  const auto quantised = ParseTensor("t", "2xs16,scale=0.5=1,2");
  ASSERT_TRUE(quantised.ok());
  EXPECT_EQ(*RealValues(*quantised), (std::vector<double>{0.5, 1}));
}

TEST(TensorNotation, RefusesWhatTheTypeCannotHold) {
  for (const char* text : {"2xf32",
                           "2xf32=1,2,3",
                           "3xf32=1,2",
                           "2xf32=1,x",
                           "2xs8=1,128",
                           "2xs8=-129,0",
                           "2xu8=-1,0",
                           "2xu8=256,0",
                           "2xbool=0,2",
                           "1xu16=65536",
                           "1xs32=2147483648",
                           "1xs64=9223372036854775808",
                           "1xs16=1.5",
                           "1xf32=1e39",
                           "1xf16=65520",
                           "1xc64=1",
                           "2x2xs16@8=1,2,3,4",
                           "2000000xu8=0"}) {
    EXPECT_EQ(RoundTrip(text), "refused") << text;
  }
}

TEST(TensorNotation, FormatsPaddedTensorsAndCutsLongOnes) {
  Tensor tensor = *ParseTensor("t", "2x2xu8=1,2,3,4");
  tensor.desc.inner_stride = 3;
  tensor.desc.aligned_size = 6;
  tensor.bytes = Buffer::FromVector({1, 2, 99, 3, 4, 99});
  EXPECT_EQ(*FormatTensor(tensor), "2x2xu8=1,2,3,4");
  EXPECT_EQ(*FormatTensor(tensor, 3), "2x2xu8=1,2,3,...");
}

}  // namespace
}  // namespace plumb
