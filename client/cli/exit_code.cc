#include "client/cli/exit_code.h"

#include "common/runner/failure.h"

namespace plumb::client {

int ExitCodeFor(const Status& status) {
  switch (ClassifyFailure(status)) {
    case FailureClass::kNone:
      return kExitMatch;
    case FailureClass::kUsage:
      return kExitUsage;
    case FailureClass::kInfrastructure:
      return kExitInfrastructure;
    case FailureClass::kBoard:
      return kExitBoard;
    case FailureClass::kInternal:
      return kExitInternal;
  }
  return kExitInternal;
}

}  // namespace plumb::client
