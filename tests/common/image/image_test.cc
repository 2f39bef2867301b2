#include "common/image/image.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/support/testdata.h"

namespace plumb::image {
namespace {

std::vector<uint8_t> Bytes(const std::string& name) {
  const auto file = ReadFile(testing::TestDataPath("preprocess") / name);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  return file.ok() ? std::vector<uint8_t>(file->span().begin(), file->span().end())
                   : std::vector<uint8_t>();
}

std::vector<uint8_t> Text(const std::string& text) {
  return {text.begin(), text.end()};
}

std::string TestName(const ::testing::TestParamInfo<std::string>& file) {
  std::string name = file.param;
  name[name.rfind('.')] = '_';
  return name;
}

// Expected pixels are OpenCV's, see tests/testdata/preprocess/make_golden.py.
class DecodesAsOpenCv : public ::testing::TestWithParam<std::string> {};

TEST_P(DecodesAsOpenCv, EveryPixel) {
  const std::string name = GetParam();
  const auto picture = Decode(Bytes(name));
  ASSERT_TRUE(picture.ok()) << picture.status().ToString();
  EXPECT_EQ(picture->rgb, Bytes(name.substr(0, name.rfind('.')) + ".rgb"));
}

INSTANTIATE_TEST_SUITE_P(Files,
                         DecodesAsOpenCv,
                         ::testing::Values("smooth_420.jpg",
                                           "smooth_gray.jpg",
                                           "smooth_progressive.jpg",
                                           "smooth_rotated.jpg",
                                           "rgba.png",
                                           "palette.png",
                                           "gray.png",
                                           "one_bit.png",
                                           "sixteen_bit.png"),
                         TestName);

TEST(Image, DoesNotTurnAPictureByItsExifOrientation) {
  const auto picture = Decode(Bytes("smooth_rotated.jpg"));
  ASSERT_TRUE(picture.ok());
  EXPECT_EQ(picture->width, 29U);
  EXPECT_EQ(picture->height, 21U);
}

TEST(Image, ReadsBinaryPpmAndPgm) {
  const auto color = Decode(Text("P6 # a comment\n2 1\n255\n\x01\x02\x03\x04\x05\x06"));
  ASSERT_TRUE(color.ok()) << color.status().ToString();
  EXPECT_EQ(*color, (Image{2, 1, {1, 2, 3, 4, 5, 6}}));
  const auto gray = Decode(Text("P5\n1\n2 255\n\x07\x09"));
  ASSERT_TRUE(gray.ok()) << gray.status().ToString();
  EXPECT_EQ(*gray, (Image{1, 2, {7, 7, 7, 9, 9, 9}}));
}

class RefusesPpm : public ::testing::TestWithParam<const char*> {};

TEST_P(RefusesPpm, WithAnError) {
  const auto picture = Decode(Text(GetParam()));
  ASSERT_FALSE(picture.ok());
  EXPECT_EQ(picture.status().code(), StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Headers,
                         RefusesPpm,
                         ::testing::Values("P6 2 1 255\n12345",
                                           "P6 0 1 255\n",
                                           "P6 2 1 65535\n123456789012",
                                           "P6 99999 99999 255\n",
                                           "P6 99999999999999999999 1 255\n",
                                           "P6 2 1 255",
                                           "P6 2\n",
                                           "P6 -2 1 255\n123456",
                                           "P3 1 1 255\n1 2 3\n",
                                           "",
                                           "GIF89a"));

// Every prefix of a picture, and every single damaged byte, must end in an error or a picture of
// the stated size, never in a crash or in bytes that were not there.
class SurvivesDamage : public ::testing::TestWithParam<std::string> {};

TEST_P(SurvivesDamage, EveryPrefixIsRefused) {
  const std::vector<uint8_t> whole = Bytes(GetParam());
  for (size_t size = 0; size + 16 < whole.size(); ++size) {
    const auto picture = Decode(std::span(whole).first(size));
    EXPECT_FALSE(picture.ok()) << size << " of " << whole.size() << " bytes were taken";
  }
}

TEST_P(SurvivesDamage, EveryFlippedByte) {
  std::vector<uint8_t> bytes = Bytes(GetParam());
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= 0xffU;
    const auto picture = Decode(bytes);
    if (picture.ok()) {
      EXPECT_EQ(picture->rgb.size(), size_t{picture->width} * picture->height * 3);
    }
    bytes[i] ^= 0xffU;
  }
}

INSTANTIATE_TEST_SUITE_P(Files,
                         SurvivesDamage,
                         ::testing::Values("smooth_420.jpg", "rgba.png", "palette.png"),
                         TestName);

// A PNG header that claims 65,535 x 65,535 pixels must be refused before anything is allocated.
TEST(Image, RefusesAHugePngByItsHeader) {
  std::vector<uint8_t> bytes = Bytes("gray.png");
  const std::vector<uint8_t> size = {0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff};
  std::copy(size.begin(), size.end(), bytes.begin() + 16);
  EXPECT_FALSE(Decode(bytes).ok());
}

TEST(Image, NamesTheFileItCannotRead) {
  const auto missing = Read("/nonexistent/picture.png");
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.status().message().find("/nonexistent/picture.png"), std::string::npos);
}

// 2×2 pixels of 24 bits, the lower row first, rows of 8 bytes.
std::vector<uint8_t> SmallBmp() {
  std::vector<uint8_t> file(54, 0);
  file[0] = 'B';
  file[1] = 'M';
  file[10] = 54;
  file[14] = 40;
  file[18] = 2;
  file[22] = 2;
  file[26] = 1;
  file[28] = 24;
  for (const uint8_t byte : {1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0}) {
    file.push_back(byte);
  }
  return file;
}

TEST(Bmp, ReadsRowsFromBelowAndBlueFirst) {
  const auto image = Decode(SmallBmp());
  ASSERT_TRUE(image.ok()) << image.status().message();
  EXPECT_EQ(image->rgb, (std::vector<uint8_t>{9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4}));
  auto down = SmallBmp();
  down[22] = 0xfe;  // a height of −2: from above
  down[23] = down[24] = down[25] = 0xff;
  EXPECT_EQ(Decode(down)->rgb, (std::vector<uint8_t>{3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10}));
}

TEST(Bmp, RefusesDamage) {
  for (size_t size = 2; size < SmallBmp().size(); ++size) {
    auto cut = SmallBmp();
    cut.resize(size);
    EXPECT_FALSE(Decode(cut).ok()) << size;
  }
  auto huge = SmallBmp();
  huge[20] = huge[24] = 0x7f;
  EXPECT_FALSE(Decode(huge).ok());
  auto packed = SmallBmp();
  packed[30] = 1;  // RLE8
  EXPECT_NE(Decode(packed).status().message().find("compression 1"), std::string::npos);
}

// 1 2 3 / 4 5 6, each three times.
TEST(Upright, TurnsAndMirrors) {
  Image stored{3, 2, {}};
  for (uint8_t value = 1; value <= 6; ++value) {
    stored.rgb.insert(stored.rgb.end(), 3, value);
  }
  const std::array<std::array<uint8_t, 6>, 8> wanted = {{{1, 2, 3, 4, 5, 6},
                                                         {3, 2, 1, 6, 5, 4},
                                                         {6, 5, 4, 3, 2, 1},
                                                         {4, 5, 6, 1, 2, 3},
                                                         {1, 4, 2, 5, 3, 6},
                                                         {4, 1, 5, 2, 6, 3},
                                                         {6, 3, 5, 2, 4, 1},
                                                         {3, 6, 2, 5, 1, 4}}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image upright = Upright(stored, orientation);
    EXPECT_EQ(upright.width, orientation < 5 ? 3U : 2U);
    for (size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(upright.rgb[i * 3 + 1], wanted.at(static_cast<size_t>(orientation - 1)).at(i))
          << orientation << " " << i;
    }
  }
  EXPECT_EQ(Upright(stored, 9), stored);
}

}  // namespace
}  // namespace plumb::image
