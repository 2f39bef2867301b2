#include "common/npu/io/io.h"

#include <bit>
#include <cmath>

#include <gtest/gtest.h>

#include "common/npu/model/compile.h"
#include "tests/common/npu/kernels/layer_builder.h"

namespace plumb::npu {
namespace {

using Values = std::vector<int16_t>;
using Bytes = std::vector<uint8_t>;

FixedModel Compiled(const Shape& shape,
                    ElementType type,
                    InputFormat training_format,
                    const CompileOptions& options) {
  FixedModel model =
      MakeLayer(Reshape{}, {MakeTensor("in", shape, type)}, MakeTensor("out", shape, type));
  for (FixedTensor& tensor : model.tensors) {
    tensor.scale = 0.5;
    tensor.zero_point = type == ElementType::kUint8 ? 128 : 0;
  }
  model.inputs[0].training_format = training_format;
  auto compiled = Compile(model, options);
  EXPECT_TRUE(compiled.ok()) << compiled.status().ToString();
  return compiled.ok() ? *compiled : model;
}

Values Read(const FixedModel& model, const Bytes& bytes) {
  Values values(*model.tensors[0].shape.element_count());
  const Status status = ReadInput(model, 0, bytes, values);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return values;
}

Bytes FloatBytes(const std::vector<float>& values) {
  Bytes bytes;
  for (const float value : values) {
    const auto bits = std::bit_cast<uint32_t>(value);
    for (int i = 0; i < 4; ++i) {
      bytes.push_back(static_cast<uint8_t>(bits >> (8 * i)));
    }
  }
  return bytes;
}

TEST(ReadInput, TakesPixelsAsTheyAre) {
  const FixedModel model = Compiled(
      {1, 1, 2, 3}, ElementType::kUint8, InputFormat::kRgb, {Family::kS3, std::nullopt, false});
  EXPECT_EQ(Read(model, {1, 2, 3, 253, 254, 255}), (Values{1, 2, 3, 253, 254, 255}));
}

TEST(ReadInput, CentresPixelsForInt8Tensors) {
  const FixedModel model = Compiled(
      {1, 1, 1, 3}, ElementType::kInt8, InputFormat::kRgb, {Family::kS3, std::nullopt, false});
  EXPECT_EQ(Read(model, {0, 128, 255}), (Values{-128, 0, 127}));
}

TEST(ReadInput, SwapsChannelsWhenTheBufferHasTheOtherOrder) {
  const FixedModel swapped = Compiled({1, 1, 1, 3},
                                      ElementType::kUint8,
                                      InputFormat::kRgb,
                                      {Family::kS3, InputFormat::kBgr, false});
  EXPECT_EQ(Read(swapped, {10, 20, 30}), (Values{30, 20, 10}));
  const FixedModel same = Compiled({1, 1, 1, 3},
                                   ElementType::kUint8,
                                   InputFormat::kBgr,
                                   {Family::kS3, InputFormat::kBgr, false});
  EXPECT_EQ(Read(same, {10, 20, 30}), (Values{10, 20, 30}));
}

TEST(ReadInput, DropsAlphaAndRowPadding) {
  // 1.x rounds a row of one BGRA pixel up to 16 bytes.
  const FixedModel model = Compiled({1, 2, 1, 3},
                                    ElementType::kUint8,
                                    InputFormat::kRgb,
                                    {Family::k1x, InputFormat::kBgra, false});
  Bytes bytes(32, 99);
  const Bytes first = {1, 2, 3, 255};
  const Bytes second = {4, 5, 6, 255};
  std::copy(first.begin(), first.end(), bytes.begin());
  std::copy(second.begin(), second.end(), bytes.begin() + 16);
  EXPECT_EQ(Read(model, bytes), (Values{3, 2, 1, 6, 5, 4}));
}

TEST(ReadInput, SkipsThePaddingOfGrayPictures) {
  const FixedModel model = Compiled(
      {2, 1, 2, 1}, ElementType::kUint8, InputFormat::kGray, {Family::kQ, std::nullopt, false});
  // Each picture: 16 bytes a row, 2 rows.
  Bytes bytes(64, 99);
  bytes[0] = 1;
  bytes[1] = 2;
  bytes[32] = 3;
  bytes[33] = 4;
  EXPECT_EQ(Read(model, bytes), (Values{1, 2, 3, 4}));
}

TEST(ReadInput, SkipsThePaddingOfRawRows) {
  const FixedModel model = Compiled(
      {2, 1}, ElementType::kInt16, InputFormat::kRawS16Nhwc, {Family::k1x, std::nullopt, false});
  Bytes bytes(32, 99);
  bytes[0] = 0xFE;
  bytes[1] = 0xFF;  // -2
  bytes[16] = 0x00;
  bytes[17] = 0x80;  // -32768
  EXPECT_EQ(Read(model, bytes), (Values{-2, -32768}));
}

TEST(ReadInput, MovesS16ByTheZeroPointAndClamps) {
  const FixedModel model = Compiled(
      {3}, ElementType::kUint8, InputFormat::kRawS16Nhwc, {Family::kS3, std::nullopt, false});
  // -1, 300, -200 around a zero point of 128.
  EXPECT_EQ(Read(model, {0xFF, 0xFF, 0x2C, 0x01, 0x38, 0xFF}), (Values{127, 255, 0}));
}

TEST(ReadInput, TruncatesFloatsAndClipsByFamily) {
  const std::vector<float> x = {0.9F, -0.9F, 1.0F, -1e9F, 1e9F, std::nanf("")};
  const CompileOptions s3 = {Family::kS3, InputFormat::kRawF32Nhwc, false};
  const FixedModel model = Compiled({6}, ElementType::kInt16, InputFormat::kRawS16Nhwc, s3);
  // Scale 0.5: 1.8 and -1.8 lose their fractions.
  EXPECT_EQ(Read(model, FloatBytes(x)), (Values{1, -1, 2, -32767, 32767, 0}));
}

TEST(ReadInput, TakesComplexNumbersAsPairsOfFloats) {
  const CompileOptions options = {Family::kS6, InputFormat::kComplex64, false};
  const FixedModel model = Compiled({2, 2}, ElementType::kInt16, InputFormat::kRawS16Nhwc, options);
  EXPECT_EQ(model.chip->inputs[0].desc.shape, (Shape{2, 1}));
  EXPECT_EQ(Read(model, FloatBytes({1.0F, -2.0F, 0.4F, 3.6F})), (Values{2, -4, 0, 7}));
}

// 2x2 pixels share one U and V. 100 + 1612·10/1024 = 115.74; 100 − (192·−20 + 480·10)/1024 = 99.06;
// 100 + 1900·−20/1024 = 62.89.
TEST(ReadInput, TurnsNv12IntoTheOrderOfTheTraining) {
  const Bytes bytes = {100, 0, 255, 50, 108, 138};
  const CompileOptions options = {Family::kS3, InputFormat::kNv12, false};
  const FixedModel rgb = Compiled({1, 2, 2, 3}, ElementType::kUint8, InputFormat::kRgb, options);
  const Values values = Read(rgb, bytes);
  EXPECT_EQ(Values(values.begin(), values.begin() + 3), (Values{116, 99, 63}));
  // 0 + 15.74, 0 − 0.94 and 0 − 37.1 stop at 0; 255 + 15.74 stops at 255.
  EXPECT_EQ(Values(values.begin() + 3, values.begin() + 6), (Values{16, 0, 0}));
  EXPECT_EQ(Values(values.begin() + 6, values.begin() + 9), (Values{255, 254, 218}));
  const FixedModel bgr = Compiled({1, 2, 2, 3}, ElementType::kUint8, InputFormat::kBgr, options);
  const Values swapped = Read(bgr, bytes);
  EXPECT_EQ(Values(swapped.begin(), swapped.begin() + 3), (Values{63, 99, 116}));
}

TEST(ReadInput, TakesTheLumaOfNv12ForGrayNetworks) {
  // 1.x: rows of 16 bytes, 2 rows, then one row of U and V.
  Bytes bytes(48, 7);
  bytes[0] = 200;
  bytes[16] = 100;
  const FixedModel model = Compiled({1, 2, 1, 1},
                                    ElementType::kInt8,
                                    InputFormat::kGray,
                                    {Family::k1x, InputFormat::kNv12, false});
  EXPECT_EQ(Read(model, bytes), (Values{72, -28}));
}

TEST(ReadInput, RefusesShortBuffersAndModelsWithoutAChip) {
  FixedModel model = Compiled(
      {1, 1, 2, 3}, ElementType::kUint8, InputFormat::kRgb, {Family::kS3, std::nullopt, false});
  Values values(6);
  EXPECT_EQ(ReadInput(model, 0, Bytes(5), values).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadInput(model, 0, Bytes(6), std::span(values).first(5)).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadInput(model, 1, Bytes(6), values).code(), StatusCode::kFailedPrecondition);
  model.chip.reset();
  EXPECT_EQ(ReadInput(model, 0, Bytes(6), values).code(), StatusCode::kFailedPrecondition);
}

TEST(WriteOutput, WidensWithoutTheZeroPointAndLeavesPaddingAlone) {
  const FixedModel model = Compiled(
      {2, 3}, ElementType::kUint8, InputFormat::kRawS16Nhwc, {Family::kQ, std::nullopt, false});
  Bytes bytes(32, 0xAA);
  ASSERT_TRUE(WriteOutput(model, 0, Values{0, 128, 255, 127, 129, 1}, 0, bytes).ok());
  Bytes expected(32, 0xAA);
  const Bytes first = {0x80, 0xFF, 0, 0, 127, 0};
  const Bytes second = {0xFF, 0xFF, 1, 0, 0x81, 0xFF};
  std::copy(first.begin(), first.end(), expected.begin());
  std::copy(second.begin(), second.end(), expected.begin() + 16);
  EXPECT_EQ(bytes, expected);
}

TEST(WriteOutput, HonoursAGivenRowPitch) {
  const FixedModel model = Compiled(
      {2, 1}, ElementType::kInt16, InputFormat::kRawS16Nhwc, {Family::k1x, std::nullopt, false});
  Bytes bytes(6, 0xAA);
  ASSERT_TRUE(WriteOutput(model, 0, Values{1, -1}, 4, bytes).ok());
  EXPECT_EQ(bytes, (Bytes{1, 0, 0xAA, 0xAA, 0xFF, 0xFF}));
  EXPECT_EQ(WriteOutput(model, 0, Values{1, -1}, 1, bytes).code(), StatusCode::kInvalidArgument);
}

TEST(WriteOutput, DequantisesToFloat) {
  const FixedModel model = Compiled(
      {3}, ElementType::kUint8, InputFormat::kRawS16Nhwc, {Family::kS3, std::nullopt, true});
  Bytes bytes(12);
  ASSERT_TRUE(WriteOutput(model, 0, Values{128, 131, 0}, 0, bytes).ok());
  EXPECT_EQ(bytes, FloatBytes({0.0F, 1.5F, -64.0F}));
}

TEST(WriteOutput, RefusesWrongSizes) {
  const FixedModel model = Compiled(
      {3}, ElementType::kInt16, InputFormat::kRawS16Nhwc, {Family::kS3, std::nullopt, false});
  Bytes bytes(5);
  EXPECT_EQ(WriteOutput(model, 0, Values{1, 2, 3}, 0, bytes).code(), StatusCode::kInvalidArgument);
  bytes.resize(6);
  EXPECT_EQ(WriteOutput(model, 0, Values{1, 2}, 0, bytes).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(WriteOutput(model, 1, Values{1, 2, 3}, 0, bytes).code(),
            StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace plumb::npu
