#include "common/npu/model/compile.h"

#include <gtest/gtest.h>

#include "tests/common/npu/kernels/layer_builder.h"

namespace plumb::npu {
namespace {

// A network with one input of this shape whose output is the same data.
FixedModel Identity(const Shape& shape, ElementType type, InputFormat training_format) {
  FixedModel model =
      MakeLayer(Reshape{}, {MakeTensor("in", shape, type)}, MakeTensor("out", shape, type));
  for (FixedTensor& tensor : model.tensors) {
    tensor.scale = 0.25;
    tensor.zero_point = type == ElementType::kUint8 ? 128 : 0;
  }
  model.inputs[0].training_format = training_format;
  return model;
}

FixedModel RawModel(const Shape& shape) {
  return Identity(shape, ElementType::kInt16, InputFormat::kRawS16Nhwc);
}

FixedModel RgbModel() {
  return Identity({1, 6, 10, 3}, ElementType::kUint8, InputFormat::kRgb);
}

FixedModel CompiledFor(const FixedModel& model,
                       Family family,
                       bool dequantize = false,
                       std::optional<InputFormat> format = std::nullopt) {
  auto compiled = Compile(model, {family, format, dequantize});
  EXPECT_TRUE(compiled.ok()) << compiled.status().ToString();
  return compiled.ok() ? *compiled : model;
}

TEST(Compile, PadsInt16OutputsByFamily) {
  // 13 · 13 rows of 255: 1.x and Q store 256 elements a row, the S families 255.
  const FixedModel model = RawModel({1, 13, 13, 255});
  for (const Family family : {Family::k1x, Family::kQ}) {
    const TensorDesc desc = CompiledFor(model, family).chip->outputs[0].desc;
    EXPECT_EQ(desc.element_type, ElementType::kInt16);
    EXPECT_EQ(desc.inner_stride, 512U);
    EXPECT_EQ(desc.payload_size, 13U * 13 * 512);
    EXPECT_EQ(desc.aligned_size, 86528U);
  }
  for (const Family family : {Family::kS1, Family::kS3, Family::kS6}) {
    const TensorDesc desc = CompiledFor(model, family).chip->outputs[0].desc;
    EXPECT_EQ(desc.inner_stride, 510U);
    EXPECT_EQ(desc.payload_size, 86190U);
    EXPECT_EQ(desc.aligned_size, 86208U);  // 1347 · 64
  }
}

TEST(Compile, DequantisedOutputsAreFloatAndPaddedOnlyOn1x) {
  const FixedModel model = RawModel({1, 3, 5});
  const TensorDesc old = CompiledFor(model, Family::k1x, true).chip->outputs[0].desc;
  EXPECT_EQ(old.element_type, ElementType::kFloat32);
  EXPECT_EQ(old.scale, 1.0F);
  EXPECT_EQ(old.zero_point, 0);
  EXPECT_EQ(old.inner_stride, 32U);
  EXPECT_EQ(old.payload_size, 96U);
  EXPECT_EQ(old.aligned_size, 128U);
  EXPECT_EQ(CompiledFor(model, Family::kQ, true).chip->outputs[0].desc.inner_stride, 20U);
}

TEST(Compile, AnInt16OutputKeepsScaleAndLosesTheZeroPoint) {
  const TensorDesc desc = CompiledFor(RgbModel(), Family::kS3).chip->outputs[0].desc;
  EXPECT_EQ(desc.scale, 0.25F);
  EXPECT_EQ(desc.zero_point, 0);
}

TEST(Compile, ChoosesTheInputFormatByTheNetwork) {
  EXPECT_EQ(CompiledFor(RgbModel(), Family::kS3).chip->inputs[0].format, InputFormat::kRgb);
  FixedModel bgr = RgbModel();
  bgr.inputs[0].training_format = InputFormat::kBgr;
  EXPECT_EQ(CompiledFor(bgr, Family::kS3).chip->inputs[0].format, InputFormat::kBgr);
  const FixedModel gray = Identity({1, 3, 10, 1}, ElementType::kUint8, InputFormat::kGray);
  EXPECT_EQ(CompiledFor(gray, Family::kS3).chip->inputs[0].format, InputFormat::kGray);
  FixedModel raw = RawModel({1, 4});
  EXPECT_EQ(CompiledFor(raw, Family::kS3).chip->inputs[0].format, InputFormat::kRawS16Nhwc);
  raw.inputs[0].training_format = InputFormat::kRawF32Nhwc;
  EXPECT_EQ(CompiledFor(raw, Family::kS3).chip->inputs[0].format, InputFormat::kRawS16Nhwc);
}

TEST(Compile, DescribesPictures) {
  const TensorDesc rgb = CompiledFor(RgbModel(), Family::k1x).chip->inputs[0].desc;
  EXPECT_EQ(rgb.element_type, ElementType::kUint8);
  EXPECT_EQ(rgb.shape, (Shape{1, 6, 10, 3}));
  EXPECT_EQ(rgb.payload_size, 180U);
  EXPECT_EQ(rgb.aligned_size, 192U);
  EXPECT_EQ(rgb.zero_point, 128);
  const TensorDesc bgra =
      CompiledFor(RgbModel(), Family::kS1, false, InputFormat::kBgra).chip->inputs[0].desc;
  EXPECT_EQ(bgra.element_type, ElementType::kArgb8888);
  EXPECT_EQ(bgra.payload_size, 240U);
  // 10 pixels of 4 bytes, rounded up to 48 bytes a row.
  EXPECT_EQ(CompiledFor(RgbModel(), Family::kQ, false, InputFormat::kRgba)
                .chip->inputs[0]
                .desc.payload_size,
            288U);
}

TEST(Compile, PadsGrayPicturesOnOldFamilies) {
  const FixedModel gray = Identity({1, 3, 10, 1}, ElementType::kUint8, InputFormat::kGray);
  const TensorDesc old = CompiledFor(gray, Family::k1x).chip->inputs[0].desc;
  EXPECT_EQ(old.element_type, ElementType::kGray);
  EXPECT_EQ(old.payload_size, 16U * 4);
  EXPECT_EQ(old.width_alignment, 16U);
  EXPECT_EQ(old.height_alignment, 2U);
  EXPECT_EQ(CompiledFor(gray, Family::kS3).chip->inputs[0].desc.payload_size, 30U);
}

TEST(Compile, PadsRawInputsByFamily) {
  const FixedModel model = RawModel({2, 5});
  EXPECT_EQ(CompiledFor(model, Family::kQ).chip->inputs[0].desc.inner_stride, 16U);
  EXPECT_EQ(CompiledFor(model, Family::kS6).chip->inputs[0].desc.inner_stride, 10U);
  const auto f32 = CompiledFor(model, Family::kS1, false, InputFormat::kRawF32Nhwc);
  EXPECT_EQ(f32.chip->inputs[0].desc.inner_stride, 20U);
  EXPECT_EQ(f32.chip->inputs[0].desc.element_type, ElementType::kFloat32);
  EXPECT_EQ(f32.chip->inputs[0].desc.scale, 1.0F);
}

TEST(Compile, RefusesFormatsTheInputCannotHave) {
  const auto status = [](const FixedModel& model, InputFormat format) {
    return Compile(model, {Family::kS3, format, false}).status();
  };
  EXPECT_EQ(status(RawModel({1, 2, 2, 3}), InputFormat::kRgb).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(RgbModel(), InputFormat::kGray).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(RawModel({1, 5}), InputFormat::kComplex64).code(), StatusCode::kInvalidArgument);
}

struct FormatCase {
  InputFormat format;
  Family family;
  ElementType type;
  uint64_t payload;  // 0: refused
};

// A picture of 6 rows of 10 pixels; as values 60 rows of 3, as complex numbers of the RawModel.
TEST(Compile, EveryFormatInEveryFamilyIsDescribedOrRefused) {
  const FormatCase cases[] = {
      {InputFormat::kRgb, Family::k1x, ElementType::kUint8, 180},
      {InputFormat::kBgr, Family::kS6, ElementType::kUint8, 180},
      // 40 bytes a row, rounded up to 48 on the old families.
      {InputFormat::kBgra, Family::k1x, ElementType::kArgb8888, 288},
      {InputFormat::kBgra, Family::kQ, ElementType::kArgb8888, 288},
      {InputFormat::kBgra, Family::kS3, ElementType::kArgb8888, 240},
      {InputFormat::kRgba, Family::kQ, ElementType::kAbgr8888, 288},
      {InputFormat::kRgba, Family::kS1, ElementType::kAbgr8888, 240},
      // 16 or 10 pixels a row, 6 rows, and half of it.
      {InputFormat::kNv12, Family::k1x, ElementType::kNv12, 144},
      {InputFormat::kNv12, Family::kQ, ElementType::kNv12, 144},
      {InputFormat::kNv12, Family::kS1, ElementType::kNv12, 90},
      {InputFormat::kNv12, Family::kS6, ElementType::kNv12, 90},
      // 3 or 8 values of 2 bytes in each of 60 rows.
      {InputFormat::kRawS16Nhwc, Family::k1x, ElementType::kInt16, 960},
      {InputFormat::kRawS16Nhwc, Family::kQ, ElementType::kInt16, 960},
      {InputFormat::kRawS16Nhwc, Family::kS1, ElementType::kInt16, 360},
      {InputFormat::kRawF32Nhwc, Family::k1x, ElementType::kFloat32, 0},
      {InputFormat::kRawF32Nhwc, Family::kQ, ElementType::kFloat32, 0},
      {InputFormat::kRawF32Nhwc, Family::kS1, ElementType::kFloat32, 720},
      {InputFormat::kRawF32Nhwc, Family::kS6, ElementType::kFloat32, 720},
      {InputFormat::kGray, Family::kS6, ElementType::kGray, 0},  // three channels
  };
  for (const FormatCase& expected : cases) {
    const auto compiled = Compile(RgbModel(), {expected.family, expected.format, false});
    const std::string what = std::string(InputFormatName(expected.format)) + " in " +
                             std::string(FamilyName(expected.family));
    EXPECT_EQ(compiled.ok(), expected.payload != 0) << what;
    if (compiled.ok()) {
      EXPECT_EQ(compiled->chip->inputs[0].desc.element_type, expected.type) << what;
      EXPECT_EQ(compiled->chip->inputs[0].desc.payload_size, expected.payload) << what;
      EXPECT_EQ(compiled->chip->inputs[0].desc.aligned_size, (expected.payload + 63) / 64 * 64);
    } else {
      EXPECT_FALSE(compiled.status().hint().empty()) << what;
    }
  }
}

TEST(Compile, ComplexNumbersArePairsAndCameLate) {
  for (const Family family : {Family::k1x, Family::kQ, Family::kS1}) {
    const Status status = Compile(RawModel({2, 6}), {family, InputFormat::kComplex64}).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << FamilyName(family);
    EXPECT_FALSE(status.hint().empty());
  }
  const auto compiled = Compile(RawModel({2, 6}), {Family::kS3, InputFormat::kComplex64});
  ASSERT_TRUE(compiled.ok());
  const TensorDesc& desc = compiled->chip->inputs[0].desc;
  EXPECT_EQ(desc.element_type, ElementType::kComplex64);
  EXPECT_EQ(desc.shape, (Shape{2, 3}));
  EXPECT_EQ(desc.inner_stride, 24U);
  EXPECT_EQ(desc.payload_size, 48U);
}

TEST(Compile, BatchesNeedAFamilyThatHasThem) {
  EXPECT_EQ(Compile(RgbModel(), {Family::k1x, {}, false, 2}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Compile(RgbModel(), {Family::kS3, {}, false, 0}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Compile(RgbModel(), {Family::kS3, {}, false, kMaxBatch + 1}).status().code(),
            StatusCode::kInvalidArgument);
  const auto compiled = Compile(RgbModel(), {Family::kS3, {}, false, 4, true});
  ASSERT_TRUE(compiled.ok());
  EXPECT_EQ(compiled->chip->batch, 4U);
  EXPECT_TRUE(compiled->chip->one_buf);
}

TEST(Compile, ReplacesAnEarlierChipSection) {
  const FixedModel first = CompiledFor(RgbModel(), Family::k1x);
  EXPECT_EQ(CompiledFor(first, Family::kS6).chip->family, Family::kS6);
}

TEST(Compile, TakesOtherWordsForSingleTensors) {
  const FixedModel model = RawModel({1, 2, 2, 4});
  CompileOptions options;
  options.family = Family::kS3;
  options.input_formats = {InputFormat::kRawF32Nhwc};
  options.dequantizations = {true};
  const auto compiled = Compile(model, options);
  ASSERT_TRUE(compiled.ok()) << compiled.status().ToString();
  EXPECT_EQ(compiled->chip->inputs[0].format, InputFormat::kRawF32Nhwc);
  EXPECT_TRUE(compiled->chip->outputs[0].dequantize);
  EXPECT_EQ(compiled->chip->outputs[0].desc.element_type, ElementType::kFloat32);
  // An empty entry: what holds for all.
  options.dequantize = true;
  options.dequantizations = {std::nullopt};
  EXPECT_TRUE(Compile(model, options)->chip->outputs[0].dequantize);
  options.dequantizations = {false};
  EXPECT_FALSE(Compile(model, options)->chip->outputs[0].dequantize);
}

}  // namespace
}  // namespace plumb::npu
