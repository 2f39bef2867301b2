#include "client/lib/board_convert.h"

#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"

namespace plumb::client {
namespace {

BoardState StateFromWire(const v1::BoardSummary& wire) {
  switch (wire.state()) {
    case v1::BOARD_STATE_IDLE:
      return BoardState::kIdle;
    case v1::BOARD_STATE_PREPARING:
      return BoardState::kPreparing;
    case v1::BOARD_STATE_LEASED:
      return BoardState::kLeased;
    case v1::BOARD_STATE_QUARANTINED:
      return BoardState::kQuarantined;
    case v1::BOARD_STATE_DRAINING:
      return BoardState::kDraining;
    default:
      return BoardState::kOffline;
  }
}

}  // namespace

BoardSummary FromWire(const v1::BoardSummary& wire) {
  const auto text = [](const std::string& from) { return rpc::WireText(from, rpc::kMaxTextSize); };
  BoardSummary board;
  board.name = text(wire.name());
  for (const std::string& tag : wire.tags()) {
    board.tags.push_back(text(tag));
  }
  board.family = text(wire.family());
  board.abi = text(wire.abi());
  board.agent_version = text(wire.agent_version());
  board.run_id = text(wire.current_run_id());
  board.connected_unix_ms = wire.connected_unix_ms();
  board.state = StateFromWire(wire);
  board.reason = text(wire.reason());
  board.since_unix_ms = wire.since_unix_ms();
  board.seen_unix_ms = wire.seen_unix_ms();
  board.owner = text(wire.owner());
  board.lease_expires_unix_ms = wire.lease_expires_unix_ms();
  board.reserved_by = text(wire.reserved_by());
  board.reserved_until_unix_ms = wire.reserved_until_unix_ms();
  board.server = text(wire.server());
  return board;
}

}  // namespace plumb::client
