#include "client/lib/progress_guard.h"

#include <gtest/gtest.h>

#include "common/rpc/limits.h"

namespace plumb::client {
namespace {

using std::chrono::milliseconds;

bool WaitUntilStalled(const ProgressGuard& guard) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!guard.stalled() && std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  return guard.stalled();
}

TEST(ProgressGuard, EndsACallOnWhichNothingMoves) {
  grpc::ClientContext context;
  const ProgressGuard guard(&context, milliseconds(20));
  EXPECT_TRUE(WaitUntilStalled(guard));
}

TEST(ProgressGuard, BytesBelowTheLeastAreNoProgress) {
  grpc::ClientContext context;
  ProgressGuard guard(&context, milliseconds(20));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  uint64_t sent = 0;
  while (!guard.stalled() && sent + 1 < rpc::kLeastProgress &&
         std::chrono::steady_clock::now() < until) {
    guard.Advance(1);
    ++sent;
    std::this_thread::yield();
  }
  EXPECT_TRUE(WaitUntilStalled(guard));
}

TEST(ProgressGuard, LeavesACallInPeaceThatEndsInTime) {
  grpc::ClientContext context;
  ProgressGuard guard(&context, std::chrono::hours(1));
  guard.Advance(rpc::kLeastProgress);
  guard.AwaitEnd(std::chrono::hours(1));
  EXPECT_FALSE(guard.stalled());
}

}  // namespace
}  // namespace plumb::client
