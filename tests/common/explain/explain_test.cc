// From the two buffers alone; with the picture: tests/input/explain_test.py.
#include "common/explain/explain.h"

#include <gtest/gtest.h>

namespace plumb::explain {
namespace {

using Bytes = std::vector<uint8_t>;

// Numbers without a pattern, the same everywhere.
Bytes Noise(size_t size, uint32_t seed) {
  Bytes bytes;
  for (size_t i = 0; i < size; ++i) {
    seed = seed * 1664525 + 1013904223;
    bytes.push_back(static_cast<uint8_t>(seed >> 24));
  }
  return bytes;
}

Request RequestFor(const Bytes& reference, const Bytes& target, npu::InputFormat format) {
  Request request;
  request.reference = reference;
  request.target = target;
  request.recipe.buffer.format = format;
  request.recipe.buffer.width = 18;
  request.recipe.buffer.height = 11;
  return request;
}

// The first cause when it was accepted, else "".
std::string CauseOf(const Request& request) {
  const auto explanation = Explain(request);
  if (!explanation.ok() || explanation->findings.empty() ||
      !explanation->findings.front().accepted) {
    return "";
  }
  std::string words;
  for (const Cause& cause : explanation->findings.front().causes) {
    words += (words.empty() ? "" : "+") + cause.word;
  }
  return words;
}

TEST(Explain, EqualBuffersNeedNoCause) {
  const Bytes bytes = Noise(18 * 11 * 3, 1);
  const auto explanation = Explain(RequestFor(bytes, bytes, npu::InputFormat::kRgb));
  ASSERT_TRUE(explanation.ok());
  EXPECT_EQ(explanation->difference.differing, 0U);
  EXPECT_TRUE(explanation->findings.empty());
}

TEST(Explain, ClaimsNothingAboutOtherNoise) {
  const auto explanation =
      Explain(RequestFor(Noise(18 * 11 * 3, 1), Noise(18 * 11 * 3, 2), npu::InputFormat::kRgb));
  ASSERT_TRUE(explanation.ok());
  for (const Finding& finding : explanation->findings) {
    EXPECT_FALSE(finding.accepted) << finding.causes.front().what;
  }
}

TEST(Explain, FindsExchangedChannels) {
  const Bytes reference = Noise(18 * 11 * 3, 1);
  Bytes target = reference;
  for (size_t i = 0; i < target.size(); i += 3) {
    std::swap(target[i], target[i + 2]);
  }
  EXPECT_EQ(CauseOf(RequestFor(reference, target, npu::InputFormat::kRgb)), "channel_order");
}

// 11 rows of 18 bytes of gray, for family Q in rows of 32 and 12 of them.
TEST(Explain, FindsRowsWithoutTheirPadding) {
  const Bytes pixels = Noise(18 * 11, 1);
  Bytes reference(32 * 12, 0);
  for (size_t y = 0; y < 11; ++y) {
    std::copy_n(pixels.begin() + static_cast<ptrdiff_t>(y * 18),
                18,
                reference.begin() + static_cast<ptrdiff_t>(y * 32));
  }
  Bytes packed = pixels;
  packed.resize(reference.size(), 0);
  Request request = RequestFor(reference, packed, npu::InputFormat::kGray);
  request.recipe.buffer.family = Family::kQ;
  EXPECT_EQ(CauseOf(request), "alignment");
  request.target = pixels;  // the buffer of an S family
  EXPECT_EQ(CauseOf(request), "alignment");
  Bytes dirty = reference;
  dirty[20] = 7;
  request.target = dirty;
  EXPECT_EQ(CauseOf(request), "padding_value");
}

TEST(Explain, FindsAMoveAndAnOffsetTogether) {
  const Bytes reference = Noise(18 * 11 * 3, 1);
  Bytes target(reference.size());
  for (size_t y = 0; y < 11; ++y) {
    for (size_t i = 0; i < 18 * 3; ++i) {  // two pixels to the right, around the edge
      target[y * 54 + (i + 6) % 54] = static_cast<uint8_t>(reference[y * 54 + i] + 128);
    }
  }
  const std::string found = CauseOf(RequestFor(reference, target, npu::InputFormat::kRgb));
  EXPECT_TRUE(found == "shifted_columns+zero_point_128" ||
              found == "zero_point_128+shifted_columns")
      << found;
}

TEST(Explain, FindsBigEndianWordsAndTheInnerPadding) {
  const Bytes reference = Noise(64 * 2, 3);
  Bytes target = reference;
  for (size_t i = 0; i < target.size(); i += 2) {
    std::swap(target[i], target[i + 1]);
  }
  Request request = RequestFor(reference, target, npu::InputFormat::kRawS16Nhwc);
  request.recipe.buffer.width = request.recipe.buffer.height = 0;
  request.recipe.buffer.scale = 0.5F;
  request.innermost = 8;
  EXPECT_EQ(CauseOf(request), "element_format");
}

// Whole vectors of eight pixels of 18: the last two of each row stay zero.
TEST(Explain, FindsARowTailThatIsNotWritten) {
  const Bytes reference = Noise(18 * 11 * 3, 1);
  Bytes target = reference;
  for (size_t y = 0; y < 11; ++y) {
    std::fill_n(target.begin() + static_cast<ptrdiff_t>(y * 54 + 48), 6, uint8_t{0});
  }
  EXPECT_EQ(CauseOf(RequestFor(reference, target, npu::InputFormat::kRgb)), "row_tail");
}

TEST(Explain, FindsAnAlphaOfZero) {
  Bytes reference = Noise(18 * 11 * 4, 1);
  Bytes target = reference;
  for (size_t i = 3; i < reference.size(); i += 4) {
    reference[i] = 255;
    target[i] = 0;
  }
  EXPECT_EQ(CauseOf(RequestFor(reference, target, npu::InputFormat::kRgba)), "alpha");
}

// Steps of 0.25: 100 becomes 400 when it is divided once more, 9000 is clipped.
TEST(Explain, FindsASecondQuantisation) {
  const auto words = [](const std::vector<int16_t>& values) {
    Bytes bytes;
    for (const int16_t value : values) {
      bytes.push_back(static_cast<uint8_t>(value));
      bytes.push_back(static_cast<uint8_t>(static_cast<uint16_t>(value) >> 8));
    }
    return bytes;
  };
  const Bytes reference = words({100, -7, 3, 9000, -9000, 0, 55, 1});
  const Bytes target = words({400, -28, 12, 32767, -32768, 0, 220, 4});
  Request request = RequestFor(reference, target, npu::InputFormat::kRawS16Nhwc);
  request.recipe.buffer.width = request.recipe.buffer.height = 0;
  request.recipe.buffer.scale = 0.25F;
  request.innermost = 8;
  EXPECT_EQ(CauseOf(request), "quantised_twice");
}

TEST(Explain, TakesTruncatedBuffersWithoutHarm) {
  const Bytes reference = Noise(18 * 11 * 3, 1);
  for (const size_t size : {size_t{1}, size_t{17}, reference.size() - 1, reference.size() + 5}) {
    Bytes target = reference;
    target.resize(size, 1);
    for (const auto format : {npu::InputFormat::kRgb,
                              npu::InputFormat::kNv12,
                              npu::InputFormat::kRawS16Nhwc,
                              npu::InputFormat::kRawF32Nhwc}) {
      const auto explanation = Explain(RequestFor(reference, target, format));
      ASSERT_TRUE(explanation.ok());
      EXPECT_GT(explanation->difference.count, 0U);
    }
  }
}

TEST(Explain, RefusesAPictureThatIsNone) {
  const Bytes reference = Noise(18 * 11 * 3, 1);
  Bytes target = reference;
  target[0] ^= 1;
  Request request = RequestFor(reference, target, npu::InputFormat::kRgb);
  request.picture = {1, 2, 3};
  EXPECT_FALSE(Explain(request).ok());
}

}  // namespace
}  // namespace plumb::explain
