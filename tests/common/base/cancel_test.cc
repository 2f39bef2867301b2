#include "common/base/cancel.h"

#include <atomic>
#include <future>
#include <thread>

#include <gtest/gtest.h>

namespace plumb {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(CancelToken, TheFirstCallCounts) {
  const CancelToken token;
  EXPECT_FALSE(token.cancelled());
  EXPECT_TRUE(token.status().ok());
  token.Cancel(DeadlineExceededError("too slow"));
  token.Cancel(CancelledError("later"));
  EXPECT_TRUE(token.cancelled());
  EXPECT_EQ(token.status().message(), "too slow");
}

TEST(CancelToken, AnOkStatusStillCancels) {
  const CancelToken token;
  token.Cancel(OkStatus());
  EXPECT_EQ(token.status().code(), StatusCode::kCancelled);
}

TEST(CancelToken, CopiesShareOneState) {
  const CancelToken token;
  const CancelToken copy = token;  // NOLINT(performance-unnecessary-copy-initialization)
  copy.Cancel();
  EXPECT_TRUE(token.cancelled());
  EXPECT_FALSE(CancelToken().cancelled());
}

TEST(CancelToken, RunsCallbacksOnceOnTheCancellingThread) {
  const CancelToken token;
  int runs = 0;
  std::thread::id where;
  const auto registration = token.OnCancel([&] {
    ++runs;
    where = std::this_thread::get_id();
  });
  token.Cancel();
  token.Cancel();
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(CancelToken, RunsACallbackAtOnceWhenItIsTooLate) {
  const CancelToken token;
  token.Cancel();
  int runs = 0;
  const auto registration = token.OnCancel([&] { ++runs; });
  EXPECT_EQ(runs, 1);
}

TEST(CancelToken, AnUnregisteredCallbackDoesNotRun) {
  const CancelToken token;
  int runs = 0;
  {
    const auto registration = token.OnCancel([&] { ++runs; });
  }
  auto moved = token.OnCancel([&] { ++runs; });
  { const auto taken = std::move(moved); }
  token.Cancel();
  EXPECT_EQ(runs, 0);
}

TEST(CancelToken, UnregisteringWaitsForARunningCallback) {
  const CancelToken token;
  std::promise<void> running;
  std::promise<void> go_on;
  std::atomic<bool> finished = false;
  auto registration = std::make_unique<CancelToken::Registration>(token.OnCancel([&] {
    running.set_value();
    go_on.get_future().wait();
    finished = true;
  }));
  std::thread canceller([&] { token.Cancel(); });
  running.get_future().wait();
  std::promise<bool> seen;
  std::thread remover([&] {
    registration.reset();
    seen.set_value(finished);
  });
  go_on.set_value();
  EXPECT_TRUE(seen.get_future().get());
  canceller.join();
  remover.join();
}

TEST(CancelToken, WakesAWaiter) {
  const CancelToken token;
  std::thread canceller([&] { token.Cancel(); });
  EXPECT_TRUE(token.WaitFor(hours(1)));
  canceller.join();
}

TEST(CancelToken, WaitingEndsWithItsTime) {
  EXPECT_FALSE(CancelToken().WaitFor(milliseconds(0)));
}

}  // namespace
}  // namespace plumb
