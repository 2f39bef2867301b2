#include "common/rpc/status_bridge.h"

#include <algorithm>
#include <optional>
#include <string>

#include "common/base/text.h"
#include "common/rpc/limits.h"
#include "common/runner/failure.h"

namespace plumb::rpc {
namespace {

constexpr uint32_t kLastCode = 16;
constexpr int kMaxDetails = 16;
constexpr size_t kMaxRequestIdSize = 32;

// A peer's code may be any number; what is outside the enum is an unknown error, never OK.
StatusCode CodeFromNumber(int64_t code) {
  return code >= 1 && code <= static_cast<int64_t>(kLastCode) ? static_cast<StatusCode>(code)
                                                              : StatusCode::kUnknown;
}

bool IsReason(std::string_view reason) {
  return reason.size() <= kMaxReasonSize && std::all_of(reason.begin(), reason.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

bool IsRequestId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxRequestIdSize &&
         id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

v1::Failure FailureOf(const Status& status, size_t limit) {
  v1::Failure failure;
  failure.set_code(static_cast<uint32_t>(status.code()));
  failure.set_message(WireText(status.message(), limit));
  if (IsReason(status.reason())) {
    failure.set_reason(status.reason());
  }
  failure.set_hint(WireText(status.hint(), limit));
  return failure;
}

Status WithDetails(Status status, const v1::Failure& failure) {
  if (IsReason(failure.reason()) && !failure.reason().empty()) {
    status = std::move(status).WithReason(failure.reason());
  }
  if (!failure.hint().empty()) {
    status = std::move(status).WithHint(WireText(failure.hint(), kMaxTextSize));
  }
  return status;
}

// What came with a failed call; empty where nothing did that we know.
std::optional<v1::Failure> FailureIn(const grpc::Status& status) {
  v1::StatusDetails details;
  if (status.error_details().empty() || !details.ParseFromString(status.error_details()) ||
      details.details_size() > kMaxDetails) {
    return std::nullopt;
  }
  for (const auto& detail : details.details()) {
    v1::Failure failure;
    if (detail.Is<v1::Failure>() && detail.UnpackTo(&failure)) {
      return failure;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string WireText(std::string_view text, size_t limit) {
  std::string safe = EscapeForDisplay(text);
  if (safe.size() <= limit) {
    return safe;
  }
  size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(safe.at(end)) & 0xC0U) == 0x80U) {
    --end;
  }
  safe.resize(end);
  return safe;
}

grpc::Status ToGrpc(const Status& status, std::string_view request_id) {
  if (status.ok()) {
    return grpc::Status::OK;
  }
  v1::Failure failure = FailureOf(status, kMaxStatusTextSize);
  const std::string message = std::move(*failure.mutable_message());
  failure.set_request_id(std::string(request_id));
  failure.clear_message();  // travels once, in the status itself
  v1::StatusDetails details;
  details.set_code(static_cast<int32_t>(status.code()));
  details.add_details()->PackFrom(failure);
  return {static_cast<grpc::StatusCode>(status.code()), message, details.SerializeAsString()};
}

Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) {
    return OkStatus();
  }
  Status result(CodeFromNumber(status.error_code()),
                WireText(status.error_message(), kMaxTextSize));
  const auto failure = FailureIn(status);
  return failure ? WithDetails(std::move(result), *failure) : result;
}

std::string RequestIdOf(const grpc::Status& status) {
  const auto failure = FailureIn(status);
  return failure && IsRequestId(failure->request_id()) ? failure->request_id() : std::string();
}

v1::Failure ToProto(const Status& status) {
  return FailureOf(status, kMaxTextSize);
}

Status FailureFromProto(const v1::Failure& failure) {
  if (failure.code() < 1 || failure.code() > kLastCode) {
    return InvalidArgumentError("failure.code: " + std::to_string(failure.code()) +
                                " is not the code of an error")
        .WithReason(kReasonProtocol);
  }
  return WithDetails(
      Status(static_cast<StatusCode>(failure.code()), WireText(failure.message(), kMaxTextSize)),
      failure);
}

bool IsLinkError(const Status& status) {
  if (!status.reason().empty()) {
    return false;
  }
  switch (status.code()) {
    case StatusCode::kUnavailable:
    case StatusCode::kUnknown:
    case StatusCode::kInternal:
    case StatusCode::kDeadlineExceeded:
      return true;
    default:
      return false;
  }
}

}  // namespace plumb::rpc
