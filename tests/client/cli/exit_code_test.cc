#include "client/cli/exit_code.h"

#include <gtest/gtest.h>

#include "common/runner/failure.h"

namespace plumb::client {
namespace {

TEST(ExitCode, FollowsTheContract) {
  EXPECT_EQ(ExitCodeFor(OkStatus()), 0);
  EXPECT_EQ(ExitCodeFor(InvalidArgumentError("x")), 2);
  EXPECT_EQ(ExitCodeFor(NotFoundError("x")), 2);
  EXPECT_EQ(ExitCodeFor(UnavailableError("x")), 3);
  EXPECT_EQ(ExitCodeFor(DeadlineExceededError("x")), 3);
  EXPECT_EQ(ExitCodeFor(CancelledError("Ctrl-C")), 3);
  EXPECT_EQ(ExitCodeFor(AbortedError("x").WithReason(kReasonRunnerHung)), 4);
  EXPECT_EQ(ExitCodeFor(ResourceExhaustedError("x").WithReason(kReasonOutOfMemory)), 4);
  EXPECT_EQ(ExitCodeFor(InvalidArgumentError("x").WithReason(kReasonModelRefused)), 4);
  EXPECT_EQ(ExitCodeFor(InternalError("x")), 70);
}

}  // namespace
}  // namespace plumb::client
