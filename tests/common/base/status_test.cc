#include "common/base/status.h"

#include <cerrno>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb {
namespace {

using testing::HasSubstr;

TEST(Status, DefaultIsOk) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::kOk);
  EXPECT_EQ(status.ToString(), "ok");
}

TEST(Status, EachLayerAddsWhatItWasDoing) {
  const Status status =
      NotFoundError("no such file").Annotate("opening 'm.img'").Annotate("loading the model");
  EXPECT_EQ(status.message(), "loading the model: opening 'm.img': no such file");
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
}

TEST(Status, FirstReasonAndHintStay) {
  const Status status = UnavailableError("gone")
                            .WithReason("agent_lost")
                            .WithReason("other")
                            .WithHint("start the agent")
                            .WithHint("other");
  EXPECT_EQ(status.reason(), "agent_lost");
  EXPECT_EQ(status.hint(), "start the agent");
  EXPECT_EQ(status.ToString(), "unavailable: gone (start the agent)");
}

TEST(Status, SuccessTakesNoContext) {
  const Status status = OkStatus().Annotate("x").WithReason("y").WithHint("z");
  EXPECT_TRUE(status.ok());
  EXPECT_TRUE(status.message().empty());
  EXPECT_TRUE(status.reason().empty());
  EXPECT_TRUE(status.hint().empty());
}

TEST(Status, CodesEqualGrpcs) {
  EXPECT_EQ(static_cast<int>(StatusCode::kInvalidArgument), 3);
  EXPECT_EQ(static_cast<int>(StatusCode::kResourceExhausted), 8);
  EXPECT_EQ(static_cast<int>(StatusCode::kUnauthenticated), 16);
  EXPECT_EQ(StatusCodeName(StatusCode::kFailedPrecondition), "failed_precondition");
  EXPECT_EQ(StatusCodeName(static_cast<StatusCode>(99)), "unknown");
  EXPECT_EQ(StatusCodeName(static_cast<StatusCode>(-1)), "unknown");
}

TEST(Status, ErrnoGetsACodeAndItsText) {
  EXPECT_EQ(ErrnoError(ENOENT, "x").code(), StatusCode::kNotFound);
  EXPECT_EQ(ErrnoError(EACCES, "x").code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrnoError(ENOSPC, "x").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrnoError(EEXIST, "x").code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrnoError(ECONNRESET, "x").code(), StatusCode::kUnavailable);
  EXPECT_EQ(ErrnoError(EIO, "x").code(), StatusCode::kInternal);
  EXPECT_THAT(ErrnoError(ENOENT, "cannot open").message(),
              HasSubstr("cannot open: No such file or directory"));
}

Result<int> Half(int number) {
  if (number % 2 != 0) {
    return InvalidArgumentError("odd");
  }
  return number / 2;
}

Result<int> Quarter(int number) {
  PLUMB_ASSIGN_OR_RETURN(const int half, Half(number));
  PLUMB_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status CheckQuarter(int number) {
  PLUMB_RETURN_IF_ERROR(Quarter(number).status());
  return OkStatus();
}

TEST(Result, PassesValuesAndErrorsOn) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_TRUE(Quarter(8).status().ok());
  EXPECT_EQ(Quarter(6).status().message(), "odd");
  EXPECT_TRUE(CheckQuarter(4).ok());
  EXPECT_EQ(CheckQuarter(2).code(), StatusCode::kInvalidArgument);
}

TEST(Result, HoldsWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 7);
}

TEST(Result, FromAnOkStatusIsADefect) {
  const Result<int> result{OkStatus()};
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), StatusCode::kInternal);
}

}  // namespace
}  // namespace plumb
