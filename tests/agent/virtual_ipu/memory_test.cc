#include <cstring>

#include "tests/agent/virtual_ipu/chip.h"

namespace plumb::test {
namespace {

using MemoryTest = ChipTest;

constexpr MI_U32 kSize = 10'000;

// 0xA0000000 | module 9 << 16 | level 2 << 12.
bool IsSysError(MI_S32 number) {
  return (static_cast<uint32_t>(number) & 0xFFFFF000) == 0xA0092000;
}

TEST_F(MemoryTest, AddressesAreAlignedAndNeed64Bits) {
  MI_PHY first = 0;
  MI_PHY second = 0;
  ASSERT_EQ(MI_SYS_MMA_Alloc(0, nullptr, kSize, &first), MI_SUCCESS);
  ASSERT_EQ(MI_SYS_MMA_Alloc(0, nullptr, 1, &second), MI_SUCCESS);
  EXPECT_EQ(first % 64, 0U);
  EXPECT_GT(first, 0xFFFFFFFFU);
  EXPECT_GE(second, first + kSize);
  EXPECT_EQ(MI_SYS_MMA_Free(0, first), MI_SUCCESS);
  EXPECT_EQ(MI_SYS_MMA_Free(0, second), MI_SUCCESS);
}

TEST_F(MemoryTest, MappingsSeeTheSameBytesAndOutliveFree) {
  MI_PHY address = 0;
  ASSERT_EQ(MI_SYS_MMA_Alloc(0, nullptr, kSize, &address), MI_SUCCESS);
  void* whole = nullptr;
  void* part = nullptr;
  ASSERT_EQ(MI_SYS_Mmap(address, kSize, &whole, 1), MI_SUCCESS);
  ASSERT_EQ(MI_SYS_Mmap(address + 100, 50, &part, 0), MI_SUCCESS);
  std::memset(whole, 7, kSize);
  EXPECT_EQ(static_cast<uint8_t*>(part)[49], 7);
  EXPECT_EQ(MI_SYS_FlushInvCache(whole, kSize), MI_SUCCESS);
  EXPECT_EQ(MI_SYS_MMA_Free(0, address), MI_SUCCESS);
  EXPECT_EQ(static_cast<uint8_t*>(part)[0], 7);
  EXPECT_EQ(MI_SYS_Munmap(part, 50), MI_SUCCESS);
  EXPECT_EQ(MI_SYS_Munmap(whole, kSize), MI_SUCCESS);
  EXPECT_TRUE(IsSysError(MI_SYS_Munmap(whole, kSize)));
}

TEST_F(MemoryTest, RefusesWhatIsNotItsOwn) {
  MI_PHY address = 0;
  ASSERT_EQ(MI_SYS_MMA_Alloc(0, nullptr, kSize, &address), MI_SUCCESS);
  void* mapping = nullptr;
  EXPECT_TRUE(IsSysError(MI_SYS_Mmap(0x1000, 16, &mapping, 1)));
  EXPECT_TRUE(IsSysError(MI_SYS_Mmap(address, kSize + 8192, &mapping, 1)));
  EXPECT_TRUE(IsSysError(MI_SYS_Mmap(address + 1, ~0U, &mapping, 1)));
  EXPECT_TRUE(IsSysError(MI_SYS_MMA_Free(0, address + 64)));
  EXPECT_TRUE(IsSysError(MI_SYS_FlushInvCache(&mapping, sizeof mapping)));
  EXPECT_TRUE(IsSysError(MI_SYS_MMA_Alloc(0, nullptr, 0, &address)));
  EXPECT_TRUE(IsSysError(MI_SYS_MMA_Alloc(0, nullptr, 1, nullptr)));
  EXPECT_EQ(MI_SYS_MMA_Free(0, address), MI_SUCCESS);
  EXPECT_TRUE(IsSysError(MI_SYS_MMA_Free(0, address)));
}

TEST_F(MemoryTest, TheHeapEnds) {
  MI_PHY first = 0;
  MI_PHY second = 0;
  ASSERT_EQ(MI_SYS_MMA_Alloc(0, nullptr, 0x7FFFFFFF, &first), MI_SUCCESS);
  EXPECT_TRUE(IsSysError(MI_SYS_MMA_Alloc(0, nullptr, 0x7FFFFFFF, &second)));
  EXPECT_EQ(MI_SYS_MMA_Free(0, first), MI_SUCCESS);
  ASSERT_EQ(MI_SYS_MMA_Alloc(0, nullptr, 0x7FFFFFFF, &second), MI_SUCCESS);
  EXPECT_EQ(MI_SYS_MMA_Free(0, second), MI_SUCCESS);
}

TEST(SysTest, ExitWithoutInitIsRefused) {
  EXPECT_TRUE(IsSysError(MI_SYS_Exit(0)));
}

}  // namespace
}  // namespace plumb::test
