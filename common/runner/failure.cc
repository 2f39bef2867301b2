#include "common/runner/failure.h"

#include <algorithm>
#include <array>

namespace plumb {
namespace {

constexpr std::array<std::string_view, 8> kBoardReasons = {kReasonRunnerHung,
                                                           kReasonRunnerCrashed,
                                                           kReasonOutOfMemory,
                                                           kReasonModelRefused,
                                                           kReasonInputRefused,
                                                           kReasonInvokeFailed,
                                                           kReasonRuntimeUnavailable,
                                                           kReasonNoCapture};

}  // namespace

FailureClass ClassifyFailure(const Status& status) {
  if (status.ok()) {
    return FailureClass::kNone;
  }
  if (status.reason() == kReasonUsage) {
    return FailureClass::kUsage;
  }
  if (std::find(kBoardReasons.begin(), kBoardReasons.end(), status.reason()) !=
      kBoardReasons.end()) {
    return FailureClass::kBoard;
  }
  if (!status.reason().empty()) {
    return FailureClass::kInfrastructure;
  }
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kNotFound:
    case StatusCode::kPermissionDenied:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kOutOfRange:
    case StatusCode::kUnimplemented:
      return FailureClass::kUsage;
    case StatusCode::kInternal:
      return FailureClass::kInternal;
    default:
      return FailureClass::kInfrastructure;
  }
}

}  // namespace plumb
