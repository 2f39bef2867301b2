#include <gtest/gtest.h>

#include "common/base/log.h"

namespace plumb {
namespace {

using std::chrono::milliseconds;

TEST(LogBudget, AdmitsABurstThenARateAndCountsWhatItLeavesOut) {
  LogBudget budget(10, 3);
  const LogBudget::Clock::time_point start{};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(budget.Admit(start), 0U) << i;
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(budget.Admit(start + milliseconds(50)), std::nullopt) << i;
  }
  EXPECT_EQ(budget.Admit(start + milliseconds(100)), 5U);
  EXPECT_EQ(budget.Admit(start + milliseconds(150)), std::nullopt);
  EXPECT_EQ(budget.Admit(start + milliseconds(200)), 1U);
}

TEST(LogBudget, QuietTimeFillsNoMoreThanABurst) {
  LogBudget budget(10, 3);
  const LogBudget::Clock::time_point start{};
  EXPECT_EQ(budget.Admit(start), 0U);
  int admitted = 0;
  while (budget.Admit(start + std::chrono::hours(1))) {
    ++admitted;
  }
  EXPECT_EQ(admitted, 3);
}

}  // namespace
}  // namespace plumb
