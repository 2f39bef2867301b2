#include "common/runner/failure.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(ClassifyFailure, SuccessIsNoFailure) {
  EXPECT_EQ(ClassifyFailure(OkStatus()), FailureClass::kNone);
}

TEST(ClassifyFailure, TheReasonDecidesWhateverTheCode) {
  for (const auto reason : {kReasonRunnerHung,
                            kReasonRunnerCrashed,
                            kReasonOutOfMemory,
                            kReasonModelRefused,
                            kReasonInputRefused,
                            kReasonInvokeFailed,
                            kReasonRuntimeUnavailable}) {
    EXPECT_EQ(ClassifyFailure(InvalidArgumentError("x").WithReason(reason)), FailureClass::kBoard)
        << reason;
  }
  for (const auto reason : {kReasonWrongModel,
                            kReasonWrongInput,
                            kReasonAgentLost,
                            kReasonSimulatorFailed,
                            kReasonBoardNotFound,
                            kReasonBoardBusy,
                            kReasonProtocol,
                            kReasonVersionMismatch,
                            kReasonCancelled}) {
    EXPECT_EQ(ClassifyFailure(NotFoundError("x").WithReason(reason)), FailureClass::kInfrastructure)
        << reason;
  }
  EXPECT_EQ(ClassifyFailure(UnavailableError("x").WithReason(kReasonUsage)), FailureClass::kUsage);
}

TEST(ClassifyFailure, WithoutAReasonTheCodeDecides) {
  EXPECT_EQ(ClassifyFailure(InvalidArgumentError("x")), FailureClass::kUsage);
  EXPECT_EQ(ClassifyFailure(NotFoundError("x")), FailureClass::kUsage);
  EXPECT_EQ(ClassifyFailure(PermissionDeniedError("x")), FailureClass::kUsage);
  EXPECT_EQ(ClassifyFailure(FailedPreconditionError("x")), FailureClass::kUsage);
  EXPECT_EQ(ClassifyFailure(InternalError("x")), FailureClass::kInternal);
  EXPECT_EQ(ClassifyFailure(UnavailableError("x")), FailureClass::kInfrastructure);
  EXPECT_EQ(ClassifyFailure(DeadlineExceededError("x")), FailureClass::kInfrastructure);
  EXPECT_EQ(ClassifyFailure(CancelledError("x")), FailureClass::kInfrastructure);
  EXPECT_EQ(ClassifyFailure(DataLossError("x")), FailureClass::kInfrastructure);
}

}  // namespace
}  // namespace plumb
