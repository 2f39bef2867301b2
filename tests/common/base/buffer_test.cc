#include "common/base/buffer.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(Buffer, SlicesShareTheOwner) {
  auto owner = std::make_shared<const std::string>("0123456789");
  const std::weak_ptr<const std::string> watch = owner;
  Buffer slice;
  {
    const Buffer whole = Buffer::Wrap(owner, AsBytes(*owner));
    slice = whole.Slice(2, 3);
    EXPECT_EQ(slice.data(), whole.data() + 2) << "nothing is copied";
  }
  owner.reset();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(slice.view(), "234");
  slice = Buffer();
  EXPECT_TRUE(watch.expired());
}

TEST(Buffer, SlicesAreClampedToWhatThereIs) {
  const Buffer buffer = Buffer::FromString("abcdef");
  EXPECT_EQ(buffer.Slice(4, 100).view(), "ef");
  EXPECT_EQ(buffer.Slice(6, 1).size(), 0U);
  EXPECT_EQ(buffer.Slice(100, 1).size(), 0U);
  EXPECT_EQ(buffer.Slice(1, SIZE_MAX).view(), "bcdef");
  EXPECT_TRUE(Buffer().Slice(0, 1).empty());
}

TEST(Buffer, FromVectorTakesTheBytesWithoutACopy) {
  std::vector<uint8_t> bytes = {1, 2, 3};
  const uint8_t* where = bytes.data();
  const Buffer buffer = Buffer::FromVector(std::move(bytes));
  EXPECT_EQ(buffer.data(), where);
  EXPECT_EQ(buffer.size(), 3U);
}

TEST(Buffer, CopyIsIndependent) {
  std::vector<uint8_t> bytes = {1, 2, 3};
  const Buffer buffer = Buffer::Copy(bytes);
  bytes[0] = 9;
  EXPECT_EQ(buffer.data()[0], 1);
}

TEST(Buffer, ASmallStringMovesWithItsBytes) {
  // Short strings live inside the object, so the view must be taken after the move.
  EXPECT_EQ(Buffer::FromString("ab").view(), "ab");
}

}  // namespace
}  // namespace plumb
