#include "common/rpc/status_bridge.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/rpc/limits.h"
#include "common/runner/failure.h"

namespace plumb::rpc {
namespace {

Status Example() {
  return UnavailableError("the board is at run 7")
      .WithReason(kReasonBoardBusy)
      .WithHint("wait, or plumb cancel 7");
}

void ExpectExample(const Status& status) {
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "the board is at run 7");
  EXPECT_EQ(status.reason(), "board_busy");
  EXPECT_EQ(status.hint(), "wait, or plumb cancel 7");
}

TEST(StatusBridgeTest, EverythingSurvivesACall) {
  ExpectExample(FromGrpc(ToGrpc(Example())));
  EXPECT_TRUE(FromGrpc(ToGrpc(OkStatus())).ok());
}

TEST(StatusBridgeTest, EverythingSurvivesAMessage) {
  ExpectExample(FailureFromProto(ToProto(Example())));
}

TEST(StatusBridgeTest, EveryCodeIsItsGrpcTwin) {
  for (int code = 1; code <= 16; ++code) {
    const grpc::Status wire = ToGrpc(Status(static_cast<StatusCode>(code), "x"));
    EXPECT_EQ(static_cast<int>(wire.error_code()), code);
    EXPECT_EQ(static_cast<int>(FromGrpc(wire).code()), code);
  }
}

// google.rpc.Status by layout: field 1 code, 2 message, 3 Any {1 type_url, 2 value}. Written by
// hand from the encoding rules: code 14, one detail of an unknown type.
TEST(StatusBridgeTest, ReadsAndIgnoresForeignDetails) {
  const std::string details = std::string("\x08\x0e\x1a\x0a\x0a\x05x/y.Z\x12\x01?", 14);
  const Status status =
      FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, "from a proxy", details));
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "from a proxy");
  EXPECT_TRUE(status.reason().empty());
}

TEST(StatusBridgeTest, GarbageInTheDetailsIsNoMoreThanACodeAndAMessage) {
  const Status status =
      FromGrpc(grpc::Status(grpc::StatusCode::ABORTED, "m", std::string("\xff\xff\x00\x01", 4)));
  EXPECT_EQ(status.code(), StatusCode::kAborted);
  EXPECT_TRUE(status.hint().empty());
}

TEST(StatusBridgeTest, ACodeOutsideTheEnumIsUnknownNeverOk) {
  for (const int code : {17, 31, -1}) {
    const Status status = FromGrpc(grpc::Status(static_cast<grpc::StatusCode>(code), "m"));
    EXPECT_EQ(status.code(), StatusCode::kUnknown) << code;
  }
}

TEST(StatusBridgeTest, RefusesAFailureThatIsNone) {
  for (const uint32_t code : {0U, 17U, 4'000'000'000U}) {
    v1::Failure failure;
    failure.set_code(code);
    const Status status = FailureFromProto(failure);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << code;
    EXPECT_EQ(status.reason(), kReasonProtocol) << code;
  }
}

TEST(StatusBridgeTest, DropsAReasonThatIsNoWord) {
  v1::Failure failure;
  failure.set_code(14);
  for (const std::string& reason :
       {std::string("Board Busy"), std::string("x\x1b[31m"), std::string(65, 'a')}) {
    failure.set_reason(reason);
    EXPECT_TRUE(FailureFromProto(failure).reason().empty()) << EscapeForDisplay(reason);
  }
  failure.set_reason(std::string(64, 'a'));
  EXPECT_EQ(FailureFromProto(failure).reason().size(), 64u);
}

TEST(StatusBridgeTest, TextsAreCutAndEscapedOnTheWayIn) {
  v1::Failure failure;
  failure.set_code(14);
  failure.set_message(std::string(10'000, 'm'));
  failure.set_hint("\x1b[2J gone");
  const Status status = FailureFromProto(failure);
  EXPECT_EQ(status.message().size(), kMaxTextSize);
  EXPECT_EQ(status.hint().find('\x1b'), std::string::npos);
}

// gRPC drops calls whose headers exceed 8 KiB; non-ASCII text is sent as three bytes each.
TEST(StatusBridgeTest, ACallsStatusFitsIntoHeaders) {
  std::string umlauts;
  for (int i = 0; i < 5'000; ++i) {
    umlauts += "ü";
  }
  const grpc::Status wire = ToGrpc(UnavailableError(umlauts).WithHint(umlauts));
  EXPECT_LE(wire.error_message().size() * 3 + wire.error_details().size() * 4 / 3, 7'000u);
  EXPECT_TRUE(IsValidUtf8(wire.error_message()));
}

TEST(StatusBridgeTest, TellsALinkErrorFromAnAnswer) {
  EXPECT_TRUE(IsLinkError(UnavailableError("cut")));
  EXPECT_TRUE(IsLinkError(InternalError("RST_STREAM")));
  EXPECT_FALSE(IsLinkError(Example()));
  EXPECT_FALSE(IsLinkError(NotFoundError("no such run")));
  EXPECT_FALSE(IsLinkError(OkStatus()));
}

TEST(WireTextTest, CutsBetweenCharacters) {
  EXPECT_EQ(WireText("aü", 2), "a");
  EXPECT_EQ(WireText("aü", 3), "aü");
  EXPECT_EQ(WireText("", 0), "");
  EXPECT_EQ(WireText("ü", 0), "");
}

}  // namespace
}  // namespace plumb::rpc
