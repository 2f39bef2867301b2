#include "agent/virtual_ipu/cores.h"

#include <future>
#include <thread>

#include <gtest/gtest.h>

namespace plumb::virtual_ipu {
namespace {

TEST(CoresTest, FamilyS3HasTwo) {
  EXPECT_EQ(Cores::CountOf(Family::kS3), 2U);
  for (const Family family : {Family::k1x, Family::kQ, Family::kS1, Family::kS6}) {
    EXPECT_EQ(Cores::CountOf(family), 1U);
  }
}

TEST(CoresTest, TwoRunAtOnceWhereNobodyChooses) {
  Cores cores(2);
  EXPECT_EQ(cores.Claim(0), 0U);
  EXPECT_EQ(cores.Claim(3), 1U);
  cores.Release(0);
  EXPECT_EQ(cores.Claim(1), 0U);
}

TEST(CoresTest, CoreThatIsNotThereIsNoCore) {
  Cores cores(1);
  EXPECT_FALSE(cores.Claim(2));
  EXPECT_EQ(cores.Claim(1), 0U);
}

TEST(CoresTest, BusyCoreIsWaitedForThoughAnotherIsFree) {
  Cores cores(2);
  ASSERT_EQ(cores.Claim(2), 1U);
  std::promise<uint32_t> claimed;
  std::thread waiter([&] { claimed.set_value(cores.Claim(2).value_or(99)); });
  EXPECT_EQ(cores.Claim(0), 0U);
  auto result = claimed.get_future();
  EXPECT_EQ(result.wait_for(std::chrono::milliseconds(0)), std::future_status::timeout);
  cores.Release(1);
  waiter.join();
  EXPECT_EQ(result.get(), 1U);
}

}  // namespace
}  // namespace plumb::virtual_ipu
