#include "common/preprocess/nv12.h"

#include <gtest/gtest.h>

#include "common/preprocess/buffer.h"

namespace plumb::preprocess {
namespace {

using Bytes = std::vector<uint8_t>;

Result<Bytes> EncodeNv12(const Pixels& pixels, Family family, const Nv12Rule* rule = nullptr) {
  BufferRule buffer;
  buffer.format = npu::InputFormat::kNv12;
  buffer.family = family;
  buffer.width = pixels.width;
  buffer.height = pixels.height;
  PLUMB_ASSIGN_OR_RETURN(const BufferLayout layout, LayoutOf(buffer));
  Bytes bytes(layout.size, 0);
  PLUMB_RETURN_IF_ERROR(preprocess::EncodeNv12(
      pixels, rule == nullptr ? DefaultNv12(family) : *rule, {layout.pitch, layout.rows}, bytes));
  return bytes;
}

// Red: Y = 218·255/1024 = 54.29, U = −117·255/1024 + 128 = 98.86, V = 512·255/1024 + 128 = 255.5.
TEST(Nv12, ConvertsAsTheTableSays) {
  const Pixels red{2, 2, 3, {255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0}};
  EXPECT_EQ(EncodeNv12(red, Family::kS3).value(), (Bytes{54, 54, 54, 54, 99, 255}));
  // White: 1024·255/1024 = 255, U and V 128.
  const Pixels white{2, 2, 3, Bytes(12, 255)};
  EXPECT_EQ(EncodeNv12(white, Family::kS3).value(), (Bytes{255, 255, 255, 255, 128, 128}));
}

// The mean of black and of blue three times: U = 3·512·255/4096 + 128 = 223.625,
// V = −3·47·255/4096 + 128 = 119.22; Y of blue = 74·255/1024 = 18.43.
TEST(Nv12, TakesTheMeanOfFourPixels) {
  const Pixels blue{2, 2, 3, {0, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255}};
  EXPECT_EQ(EncodeNv12(blue, Family::kS1).value(), (Bytes{0, 18, 18, 18, 224, 119}));
}

// One red pixel stands for its whole block; the rest is zero.
TEST(Nv12, DoublesTheEdgeAndFillsUpByFamily) {
  const Pixels red{1, 1, 3, {255, 0, 0}};
  EXPECT_EQ(EncodeNv12(red, Family::kS6).value(), (Bytes{54, 0, 0, 0, 99, 255}));
  Bytes old(48, 0);
  old[0] = 54;
  old[32] = 99;
  old[33] = 255;
  EXPECT_EQ(EncodeNv12(red, Family::k1x).value(), old);
  EXPECT_EQ(EncodeNv12(red, Family::kQ).value(), old);
}

TEST(Nv12, GrayPixelsHaveNoColour) {
  EXPECT_EQ(EncodeNv12(Pixels{2, 1, 1, {7, 8}}, Family::kS3).value(), (Bytes{7, 8, 0, 0, 0, 0}));
}

// R = 1 alone: V = 512/1024 + 128 = 128.5, which numpy's round makes 128 and floor(x + 0.5) 129.
TEST(Nv12, RoundsAsTheFamilysToolsDo) {
  const Pixels one{1, 1, 3, {1, 0, 0}};
  EXPECT_EQ(EncodeNv12(one, Family::kS3).value()[5], 129);
  EXPECT_EQ(EncodeNv12(one, Family::kQ).value()[33], 128);
}

// OpenCV's BT.601: red is Y 81.5, U 90.3, V 240; one red pixel top left is all it looks at.
TEST(Nv12, KnowsOtherMatricesAndSitings) {
  const Pixels red{2, 2, 3, {255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}};
  const Nv12Rule opencv{Nv12Matrix::kBt601Limited, Nv12Chroma::kTopLeft, false, Rounding::kHalfUp};
  EXPECT_EQ(EncodeNv12(red, Family::kS3, &opencv).value(), (Bytes{82, 16, 16, 16, 90, 240}));
  const Nv12Rule v_first{Nv12Matrix::kBt601Limited, Nv12Chroma::kTopLeft, true, Rounding::kHalfUp};
  EXPECT_EQ(EncodeNv12(red, Family::kS3, &v_first).value(), (Bytes{82, 16, 16, 16, 240, 90}));
  // Half of V's 112: 184 left; a quarter: 156.
  const Nv12Rule left{Nv12Matrix::kBt601Limited, Nv12Chroma::kLeft, false, Rounding::kHalfUp};
  EXPECT_EQ(EncodeNv12(red, Family::kS3, &left).value()[5], 184);
}

TEST(Nv12, RefusesOtherPixels) {
  EXPECT_FALSE(EncodeNv12(Pixels{1, 1, 4, {1, 2, 3, 4}}, Family::kS3).ok());
  EXPECT_FALSE(EncodeNv12(Pixels{2, 1, 3, {1, 2, 3}}, Family::kS3).ok());
  EXPECT_FALSE(EncodeNv12(Pixels{}, Family::kS3).ok());
}

}  // namespace
}  // namespace plumb::preprocess
