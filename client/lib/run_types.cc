#include "client/lib/run_types.h"

namespace plumb::client {

std::string_view RunStateName(RunState state) {
  switch (state) {
    case RunState::kQueued:
      return "queued";
    case RunState::kPreparing:
      return "preparing";
    case RunState::kRunning:
      return "running";
    case RunState::kJudging:
      return "judging";
    case RunState::kFinished:
      return "finished";
  }
  return "unknown";
}

}  // namespace plumb::client
