#include "common/base/status.h"

#include <array>
#include <cerrno>
#include <cstring>

namespace plumb {
namespace {

constexpr std::array<std::string_view, 17> kCodeNames = {"ok",
                                                         "cancelled",
                                                         "unknown",
                                                         "invalid_argument",
                                                         "deadline_exceeded",
                                                         "not_found",
                                                         "already_exists",
                                                         "permission_denied",
                                                         "resource_exhausted",
                                                         "failed_precondition",
                                                         "aborted",
                                                         "out_of_range",
                                                         "unimplemented",
                                                         "internal",
                                                         "unavailable",
                                                         "data_loss",
                                                         "unauthenticated"};

StatusCode CodeFromErrno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return StatusCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return StatusCode::kPermissionDenied;
    case EEXIST:
      return StatusCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return StatusCode::kResourceExhausted;
    case EINVAL:
    case EISDIR:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
      return StatusCode::kInvalidArgument;
    case ETIMEDOUT:
      return StatusCode::kDeadlineExceeded;
    case EPIPE:
    case ECONNREFUSED:
    case ECONNRESET:
      return StatusCode::kUnavailable;
    default:
      return StatusCode::kInternal;
  }
}

}  // namespace

std::string_view StatusCodeName(StatusCode code) {
  const auto index = static_cast<size_t>(code);
  return index < kCodeNames.size() ? kCodeNames.at(index) : "unknown";
}

Status& Status::Annotate(std::string_view context) & {
  if (!ok()) {
    message_ = std::string(context) + ": " + message_;
  }
  return *this;
}

Status Status::Annotate(std::string_view context) && {
  Annotate(context);
  return std::move(*this);
}

Status Status::WithReason(std::string_view reason) && {
  if (!ok() && reason_.empty()) {
    reason_ = reason;
  }
  return std::move(*this);
}

Status Status::WithHint(std::string_view hint) && {
  if (!ok() && hint_.empty()) {
    hint_ = hint;
  }
  return std::move(*this);
}

std::string Status::ToString() const {
  if (ok()) {
    return "ok";
  }
  std::string text = std::string(StatusCodeName(code_)) + ": " + message_;
  if (!hint_.empty()) {
    text += " (" + hint_ + ")";
  }
  return text;
}

Status CancelledError(std::string message) {
  return {StatusCode::kCancelled, std::move(message)};
}

Status InvalidArgumentError(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message)};
}

Status DeadlineExceededError(std::string message) {
  return {StatusCode::kDeadlineExceeded, std::move(message)};
}

Status NotFoundError(std::string message) {
  return {StatusCode::kNotFound, std::move(message)};
}

Status AlreadyExistsError(std::string message) {
  return {StatusCode::kAlreadyExists, std::move(message)};
}

Status PermissionDeniedError(std::string message) {
  return {StatusCode::kPermissionDenied, std::move(message)};
}

Status ResourceExhaustedError(std::string message) {
  return {StatusCode::kResourceExhausted, std::move(message)};
}

Status FailedPreconditionError(std::string message) {
  return {StatusCode::kFailedPrecondition, std::move(message)};
}

Status AbortedError(std::string message) {
  return {StatusCode::kAborted, std::move(message)};
}

Status OutOfRangeError(std::string message) {
  return {StatusCode::kOutOfRange, std::move(message)};
}

Status UnimplementedError(std::string message) {
  return {StatusCode::kUnimplemented, std::move(message)};
}

Status InternalError(std::string message) {
  return {StatusCode::kInternal, std::move(message)};
}

Status UnavailableError(std::string message) {
  return {StatusCode::kUnavailable, std::move(message)};
}

Status DataLossError(std::string message) {
  return {StatusCode::kDataLoss, std::move(message)};
}

Status ErrnoError(int error_number, std::string message) {
  std::array<char, 128> text{};
  // The GNU form returns a pointer that may or may not be the buffer.
  const char* name = strerror_r(error_number, text.data(), text.size());
  return {CodeFromErrno(error_number), std::move(message) + ": " + name};
}

}  // namespace plumb
