// Errors as values: Status, Result<T>, and the two macros that pass them on.
//
// Codes equal gRPC's, so the bridge in common/rpc is a cast. A Status also carries a `reason` (a
// stable word such as "runner_hung", for scripts and for exit codes; see common/runner/failure.h)
// and a `hint` (what to do about it). Each layer adds what it was doing with Annotate().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace plumb {

enum class StatusCode {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// The name in lower_snake_case, e.g. "invalid_argument"; "unknown" for a value outside the enum.
std::string_view StatusCodeName(StatusCode code);

// A success, or a code with a message. Cheap to move; comparing is by code only where needed.
class [[nodiscard]] Status {
 public:
  Status() = default;

  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] bool ok() const { return code_ == StatusCode::kOk; }

  [[nodiscard]] StatusCode code() const { return code_; }

  [[nodiscard]] const std::string& message() const { return message_; }

  [[nodiscard]] const std::string& reason() const { return reason_; }

  [[nodiscard]] const std::string& hint() const { return hint_; }

  // Puts "context: " before the message of an error; does nothing to a success.
  Status& Annotate(std::string_view context) &;
  Status Annotate(std::string_view context) &&;
  // The stable word for scripts; the first one set stays.
  Status WithReason(std::string_view reason) &&;
  // How to mend it, in the imperative; the first one set stays.
  Status WithHint(std::string_view hint) &&;

  // "code: message (hint)", for logs.
  [[nodiscard]] std::string ToString() const;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
  std::string reason_;
  std::string hint_;
};

inline Status OkStatus() {
  return {};
}

Status CancelledError(std::string message);
Status InvalidArgumentError(std::string message);
Status DeadlineExceededError(std::string message);
Status NotFoundError(std::string message);
Status AlreadyExistsError(std::string message);
Status PermissionDeniedError(std::string message);
Status ResourceExhaustedError(std::string message);
Status FailedPreconditionError(std::string message);
Status AbortedError(std::string message);
Status OutOfRangeError(std::string message);
Status UnimplementedError(std::string message);
Status InternalError(std::string message);
Status UnavailableError(std::string message);
Status DataLossError(std::string message);
// kInternal-like error from errno: "message: strerror"; ENOENT, EACCES, ENOSPC… get their own code.
Status ErrnoError(int error_number, std::string message);

// A value or an error, never both. value() on an error aborts: check ok() first.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : data_(std::move(value)) {}  // NOLINT(google-explicit-constructor)

  Result(Status status) : data_(std::move(status)) {  // NOLINT(google-explicit-constructor)
    if (std::get<Status>(data_).ok()) {
      data_ = InternalError("a Result was made from an OK status without a value");
    }
  }

  [[nodiscard]] bool ok() const { return std::holds_alternative<T>(data_); }

  [[nodiscard]] Status status() const { return ok() ? Status() : std::get<Status>(data_); }

  [[nodiscard]] T& value() & { return std::get<T>(data_); }

  [[nodiscard]] const T& value() const& { return std::get<T>(data_); }

  [[nodiscard]] T&& value() && { return std::get<T>(std::move(data_)); }

  [[nodiscard]] T& operator*() & { return value(); }

  [[nodiscard]] const T& operator*() const& { return value(); }

  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }

  [[nodiscard]] T* operator->() { return &value(); }

  [[nodiscard]] const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> data_;
};

}  // namespace plumb

// A declaration cannot be put in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define PLUMB_CONCAT_INNER(a, b) a##b
#define PLUMB_CONCAT(a, b) PLUMB_CONCAT_INNER(a, b)

// Returns the error of `expression` from the enclosing function, if it is one.
#define PLUMB_RETURN_IF_ERROR(expression)        \
  do {                                           \
    ::plumb::Status plumb_status = (expression); \
    if (!plumb_status.ok())                      \
      return plumb_status;                       \
  } while (false)

// PLUMB_ASSIGN_OR_RETURN(auto x, F()): x gets the value, or the enclosing function the error.
#define PLUMB_ASSIGN_OR_RETURN(declaration, expression) \
  PLUMB_ASSIGN_OR_RETURN_INNER(PLUMB_CONCAT(plumb_result_, __LINE__), declaration, expression)
#define PLUMB_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                         \
  if (!result.ok())                                                   \
    return result.status();                                           \
  declaration = std::move(result).value()
// NOLINTEND(bugprone-macro-parentheses)
