#include "server/core/valid_difference.h"

#include <vector>

#include <gtest/gtest.h>

namespace plumb::server {
namespace {

// Two rows of three s16 (six bytes), eight bytes apart: bytes 6, 7, 14, 15 are padding.
TensorDesc PaddedDesc() {
  TensorDesc desc;
  desc.name = "padded";
  desc.element_type = ElementType::kInt16;
  desc.shape = Shape{2, 3};
  desc.inner_stride = 8;
  desc.aligned_size = 16;
  return desc;
}

std::vector<uint8_t> Changed(size_t byte) {
  std::vector<uint8_t> bytes(16, 0);
  bytes.at(byte) = 1;
  return bytes;
}

TEST(FirstValidDifferenceTest, FindsTheElement) {
  const std::vector<uint8_t> zeros(16, 0);
  EXPECT_EQ(FirstValidDifference(PaddedDesc(), 0, zeros, Changed(0))->value(), 0U);
  EXPECT_EQ(FirstValidDifference(PaddedDesc(), 0, zeros, Changed(5))->value(), 2U);
  EXPECT_EQ(FirstValidDifference(PaddedDesc(), 0, zeros, Changed(8))->value(), 3U);
  EXPECT_EQ(FirstValidDifference(PaddedDesc(), 0, zeros, Changed(13))->value(), 5U);
}

TEST(FirstValidDifferenceTest, NeverLooksAtPadding) {
  const std::vector<uint8_t> zeros(16, 0);
  for (const size_t byte : {6, 7, 14, 15}) {
    EXPECT_FALSE(FirstValidDifference(PaddedDesc(), 0, zeros, Changed(byte))->has_value()) << byte;
  }
}

TEST(FirstValidDifferenceTest, APieceFromTheMiddleKnowsWhereItIs) {
  const std::vector<uint8_t> zeros(7, 0);
  std::vector<uint8_t> piece(7, 0);
  piece.at(5) = 1;  // byte 10 of the whole: row 1, byte 2
  EXPECT_EQ(FirstValidDifference(PaddedDesc(), 5, zeros, piece)->value(), 4U);
}

TEST(FirstValidDifferenceTest, EqualBytesHaveNone) {
  const std::vector<uint8_t> zeros(16, 0);
  EXPECT_FALSE(FirstValidDifference(PaddedDesc(), 0, zeros, zeros)->has_value());
}

}  // namespace
}  // namespace plumb::server
