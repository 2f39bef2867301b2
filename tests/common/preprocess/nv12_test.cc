#include "common/preprocess/nv12.h"

#include <gtest/gtest.h>

namespace plumb::preprocess {
namespace {

using Bytes = std::vector<uint8_t>;

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

TEST(Nv12, RefusesOtherPixels) {
  EXPECT_FALSE(EncodeNv12(Pixels{1, 1, 4, {1, 2, 3, 4}}, Family::kS3).ok());
  EXPECT_FALSE(EncodeNv12(Pixels{2, 1, 3, {1, 2, 3}}, Family::kS3).ok());
  EXPECT_FALSE(EncodeNv12(Pixels{}, Family::kS3).ok());
}

}  // namespace
}  // namespace plumb::preprocess
