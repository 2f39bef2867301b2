#include "server/store/records.h"

#include <string_view>

namespace plumb::store {

std::string_view ServiceName(Service service) {
  switch (service) {
    case Service::kInService:
      return "in_service";
    case Service::kDraining:
      return "draining";
    case Service::kQuarantined:
      return "quarantined";
  }
  return "unknown";
}

std::string_view BoardStateName(BoardState state) {
  switch (state) {
    case BoardState::kLeased:
      return "leased";
    case BoardState::kPreparing:
      return "preparing";
    case BoardState::kQuarantined:
      return "quarantined";
    case BoardState::kDraining:
      return "draining";
    case BoardState::kOffline:
      return "offline";
    case BoardState::kIdle:
      return "idle";
  }
  return "unknown";
}

std::string_view RunPhaseName(RunPhase phase) {
  switch (phase) {
    case RunPhase::kQueued:
      return "queued";
    case RunPhase::kRunning:
      return "running";
    case RunPhase::kFinished:
      return "finished";
  }
  return "unknown";
}

}  // namespace plumb::store
