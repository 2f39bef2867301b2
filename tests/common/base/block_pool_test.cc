#include "common/base/block_pool.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(BlockPoolTest, ABlockComesBackWithItsLastBuffer) {
  BlockPool pool(64, 1);
  BlockPool::Block block = pool.Take();
  ASSERT_EQ(block.bytes.size(), 64U);
  const uint8_t* first = block.bytes.data();
  block.bytes[0] = 9;
  Buffer buffer = std::move(block).Finish(10);
  EXPECT_EQ(buffer.size(), 10U);
  EXPECT_EQ(buffer.data()[0], 9);
  Buffer slice = buffer.Slice(0, 1);
  buffer = Buffer();
  BlockPool::Block other = pool.Take();
  EXPECT_NE(other.bytes.data(), first) << "still shared by the slice";
  slice = Buffer();
  EXPECT_EQ(pool.Take().bytes.data(), first);
}

TEST(BlockPoolTest, ABufferOutlivesThePool) {
  Buffer buffer;
  {
    BlockPool pool(16, 4);
    BlockPool::Block block = pool.Take();
    block.bytes[15] = 3;
    buffer = std::move(block).Finish(16);
  }
  EXPECT_EQ(buffer.data()[15], 3);
}

}  // namespace
}  // namespace plumb
