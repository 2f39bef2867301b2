// Arrays of a preprocessing script as the bytes of an input buffer; expected bytes by hand.
#include "client/cli/option/script_input.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb::client {
namespace {

using npu::InputFormat;
using testing::ElementsAre;
using testing::HasSubstr;

npu::FixedModel Model(InputFormat trained, InputFormat chip, Family family, const Shape& shape) {
  npu::FixedModel model;
  model.tensors.push_back({"in", shape, ElementType::kUint8, 1, 0, {}});
  npu::ModelInput input;
  input.training_format = trained;
  model.inputs.push_back(input);
  npu::ChipSection section;
  section.family = family;
  npu::ChipInput chip_input;
  chip_input.format = chip;
  chip_input.desc.scale = 0.5F;
  section.inputs.push_back(chip_input);
  model.chip = section;
  return model;
}

Tensor Array(ElementType type, const Shape& shape, std::vector<uint8_t> bytes) {
  Tensor array;
  array.desc.element_type = type;
  array.desc.shape = shape;
  array.desc.aligned_size = bytes.size();
  array.desc.payload_size = bytes.size();
  array.bytes = Buffer::FromVector(std::move(bytes));
  return array;
}

Tensor Floats(const Shape& shape, const std::vector<float>& values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return Array(ElementType::kFloat32, shape, bytes);
}

TEST(ScriptInputTest, PixelsInTheChipsOrderGoAsTheyAre) {
  const auto model = Model(InputFormat::kRgb, InputFormat::kRgb, Family::kS6, {1, 1, 2, 3});
  const auto bytes =
      EncodeScriptArray(Array(ElementType::kUint8, {1, 2, 3}, {1, 2, 3, 4, 5, 6}), &model, 0);
  ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
  EXPECT_THAT(*bytes, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(ScriptInputTest, PixelsComeInTheOrderOfTheTraining) {
  const auto model = Model(InputFormat::kBgr, InputFormat::kRgb, Family::kS6, {1, 1, 2, 3});
  const auto bytes =
      EncodeScriptArray(Array(ElementType::kUint8, {1, 1, 2, 3}, {1, 2, 3, 4, 5, 6}), &model, 0);
  EXPECT_THAT(bytes.value(), ElementsAre(3, 2, 1, 6, 5, 4));
}

TEST(ScriptInputTest, BgraGetsItsAlphaAndTheFamilysRows) {
  const auto model = Model(InputFormat::kRgb, InputFormat::kBgra, Family::k1x, {1, 2, 1, 3});
  const auto bytes =
      EncodeScriptArray(Array(ElementType::kUint8, {2, 1, 3}, {1, 2, 3, 4, 5, 6}), &model, 0);
  // Rows of 16 bytes on 1.x.
  EXPECT_THAT(bytes.value(),
              ElementsAre(3,
                          2,
                          1,
                          255,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,  //
                          6,
                          5,
                          4,
                          255,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0));
}

TEST(ScriptInputTest, GrayTakesTwoDimensions) {
  const auto model = Model(InputFormat::kGray, InputFormat::kGray, Family::kS6, {1, 2, 2, 1});
  const auto bytes = EncodeScriptArray(Array(ElementType::kUint8, {2, 2}, {9, 8, 7, 6}), &model, 0);
  EXPECT_THAT(bytes.value(), ElementsAre(9, 8, 7, 6));
}

TEST(ScriptInputTest, WholeNumbersInFloatsArePixelsAndNormalisedOnesAreRefused) {
  const auto model = Model(InputFormat::kRgb, InputFormat::kRgb, Family::kS6, {1, 1, 1, 3});
  EXPECT_THAT(EncodeScriptArray(Floats({1, 1, 3}, {0, 128, 255}), &model, 0).value(),
              ElementsAre(0, 128, 255));
  const Status status = EncodeScriptArray(Floats({1, 1, 3}, {-1, 0.5, 1}), &model, 0).status();
  EXPECT_THAT(status.hint(), HasSubstr("norm"));
}

TEST(ScriptInputTest, AnotherSizeOrLayoutIsRefusedWithWhatIsWanted) {
  const auto model = Model(InputFormat::kRgb, InputFormat::kRgb, Family::kS6, {1, 1, 2, 3});
  const Status status =
      EncodeScriptArray(Array(ElementType::kUint8, {3, 1, 2}, {1, 2, 3, 4, 5, 6}), &model, 0)
          .status();
  EXPECT_THAT(status.message(), HasSubstr("u8[1x2x3] in the order RGB"));
}

TEST(ScriptInputTest, RawDataIsQuantisedAndPadded) {
  const auto model =
      Model(InputFormat::kRawS16Nhwc, InputFormat::kRawS16Nhwc, Family::k1x, {1, 1, 2, 3});
  const auto bytes = EncodeScriptArray(Floats({6}, {0.5, -0.5, 1, 100, 0, 2}), &model, 0);
  // x / 0.5; innermost 3 padded to 8 on 1.x.
  EXPECT_THAT(bytes.value(),
              ElementsAre(1,
                          0,
                          255,
                          255,
                          2,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,  //
                          200,
                          0,
                          0,
                          0,
                          4,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0));
  EXPECT_FALSE(EncodeScriptArray(Floats({5}, {1, 2, 3, 4, 5}), &model, 0).ok());
}

TEST(ScriptInputTest, ForAModelOfTheVendorsTheBytesGoAsTheyAre) {
  EXPECT_THAT(EncodeScriptArray(Array(ElementType::kInt16, {2}, {1, 2, 3, 4}), nullptr, 0).value(),
              ElementsAre(1, 2, 3, 4));
}

}  // namespace
}  // namespace plumb::client
