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

std::string_view ToString(BoardState state) {
  switch (state) {
    case BoardState::kIdle:
      return "idle";
    case BoardState::kPreparing:
      return "preparing";
    case BoardState::kLeased:
      return "leased";
    case BoardState::kQuarantined:
      return "quarantined";
    case BoardState::kDraining:
      return "draining";
    case BoardState::kOffline:
      return "offline";
  }
  return "offline";
}

}  // namespace plumb::client
