#include <gtest/gtest.h>

#include "common/analysis/outcome.h"
#include "common/runner/failure.h"

namespace plumb::analysis {
namespace {

TEST(ExitCode, FollowsTheContract) {
  EXPECT_EQ(ExitCodeOf(OkStatus()), 0);
  EXPECT_EQ(ExitCodeOf(InvalidArgumentError("x")), 2);
  EXPECT_EQ(ExitCodeOf(NotFoundError("x")), 2);
  EXPECT_EQ(ExitCodeOf(UnavailableError("x")), 3);
  EXPECT_EQ(ExitCodeOf(DeadlineExceededError("x")), 3);
  EXPECT_EQ(ExitCodeOf(CancelledError("Ctrl-C")), 3);
  EXPECT_EQ(ExitCodeOf(AbortedError("x").WithReason(kReasonRunnerHung)), 4);
  EXPECT_EQ(ExitCodeOf(ResourceExhaustedError("x").WithReason(kReasonOutOfMemory)), 4);
  EXPECT_EQ(ExitCodeOf(InvalidArgumentError("x").WithReason(kReasonModelRefused)), 4);
  EXPECT_EQ(ExitCodeOf(InternalError("x")), 70);
}

}  // namespace
}  // namespace plumb::analysis
