#include "agent/core/watchdog.h"

#include <future>

#include <gtest/gtest.h>

#include "agent/core/retry.h"

namespace plumb::agent {
namespace {

using std::chrono::milliseconds;

TEST(WatchdogTest, CallsWhatIsLateInTheOrderOfDeadlines) {
  std::mutex mutex;
  std::vector<int> order;
  std::promise<void> done;
  Watchdog watchdog;
  const auto later = watchdog.Arm(milliseconds(30), [&] {
    {
      const std::lock_guard lock(mutex);
      order.push_back(2);
    }
    done.set_value();
  });
  const auto sooner = watchdog.Arm(milliseconds(5), [&] {
    const std::lock_guard lock(mutex);
    order.push_back(1);
  });
  ASSERT_EQ(done.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(WatchdogTest, DoesNotCallWhatFinishedInTime) {
  bool called = false;
  {
    Watchdog watchdog;
    {
      const auto guard = watchdog.Arm(milliseconds(1'000), [&] { called = true; });
    }
    std::promise<void> done;
    const auto other = watchdog.Arm(milliseconds(1), [&] { done.set_value(); });
    done.get_future().wait();
  }
  EXPECT_FALSE(called);
}

TEST(WatchdogTest, AGuardThatGoesWaitsForItsRunningCallback) {
  Watchdog watchdog;
  std::promise<void> entered;
  std::promise<void> leave;
  bool finished = false;
  auto guard = watchdog.Arm(milliseconds(0), [&] {
    entered.set_value();
    leave.get_future().wait();
    finished = true;
  });
  entered.get_future().wait();
  auto disarmed = std::async(std::launch::async, [&] { guard = Watchdog::Guard(); });
  EXPECT_EQ(disarmed.wait_for(milliseconds(20)), std::future_status::timeout);
  leave.set_value();
  disarmed.wait();
  EXPECT_TRUE(finished);
}

TEST(BackoffTest, PausesGrowToTheLongestWithJitterBelowTheNominal) {
  Backoff backoff(milliseconds(100), milliseconds(1'000), 42);
  for (const int64_t nominal : {100, 200, 400, 800, 1'000, 1'000}) {
    const int64_t pause = backoff.Next().count();
    EXPECT_GE(pause, nominal / 2);
    EXPECT_LE(pause, nominal);
  }
  EXPECT_TRUE(backoff.at_longest());
  backoff.Reset();
  EXPECT_LE(backoff.Next().count(), 100);
}

TEST(BackoffTest, TwoBoardsDoNotDialInStep) {
  Backoff a(milliseconds(10'000), milliseconds(10'000), 1);
  Backoff b(milliseconds(10'000), milliseconds(10'000), 2);
  int equal = 0;
  for (int i = 0; i < 10; ++i) {
    equal += a.Next() == b.Next() ? 1 : 0;
  }
  EXPECT_LT(equal, 3);
}

}  // namespace
}  // namespace plumb::agent
