#include "server/web/farm_source.h"

#include <algorithm>
#include <utility>

namespace plumb::server {
namespace {

constexpr size_t kMaxRecords = 1000;
constexpr size_t kMaxBoards = 10'000;

std::string ReasonOf(const store::BoardRecord& board) {
  switch (board.state) {
    case store::BoardState::kLeased:
      return board.owner.empty() ? "a run is on it" : "a run of " + board.owner + " is on it";
    case store::BoardState::kPreparing:
      return "it is being made ready for a run" +
             (board.owner.empty() ? std::string() : " of " + board.owner);
    case store::BoardState::kQuarantined:
    case store::BoardState::kDraining:
      return board.reason;
    case store::BoardState::kOffline:
      return "nothing is heard of its agent";
    case store::BoardState::kIdle:
      return board.reserved_by.empty() ? "" : "reserved for " + board.reserved_by;
  }
  return "";
}

BoardView ViewOf(const store::BoardRecord& board) {
  BoardView view;
  view.name = board.name;
  view.state = store::BoardStateName(board.state);
  view.reason = ReasonOf(board);
  const bool in_service = board.service == store::Service::kInService;
  view.since_ms = board.state == store::BoardState::kOffline ? board.seen_ms
                  : in_service                               ? 0
                                                             : board.since_ms;
  view.seen_ms = board.seen_ms;
  view.run_id = board.run_id;
  view.owner = board.owner;
  view.expires_ms = board.expires_ms;
  view.reserved_by = board.reserved_by;
  view.reserved_until_ms = board.reserved_until_ms;
  view.server = board.server;
  view.tags = board.tags;
  return view;
}

QueueView ViewOf(store::Store& store, const store::RunRecord& run) {
  QueueView view;
  view.run_id = run.id;
  view.owner = run.submission.owner;
  view.tags = run.submission.tags;
  view.priority = run.submission.priority;
  view.submitted_ms = run.submitted_ms;
  // It may have found its board meanwhile: then it is shown without a reason this once.
  if (const auto waiting = store.Explain(run.id); waiting.ok()) {
    view.position = waiting->position;
    view.reason = waiting->reason;
  }
  return view;
}

}  // namespace

Result<FarmView> ReadFarm(store::Store& store) {
  FarmView farm;
  PLUMB_ASSIGN_OR_RETURN(auto boards, store.Boards());
  boards.resize(std::min(boards.size(), kMaxBoards));
  for (const store::BoardRecord& board : boards) {
    farm.boards.push_back(ViewOf(board));
  }
  PLUMB_ASSIGN_OR_RETURN(auto runs, store.Runs(kMaxRecords));
  std::reverse(runs.begin(), runs.end());  // those that wait longest are shown
  for (const store::RunRecord& run : runs) {
    if (run.phase != store::RunPhase::kQueued) {
      continue;
    }
    ++farm.queued;
    if (farm.queue.size() < kMaxShownQueue) {
      farm.queue.push_back(ViewOf(store, run));
    }
  }
  std::stable_sort(farm.queue.begin(),
                   farm.queue.end(),
                   [](const QueueView& a, const QueueView& b) { return a.position < b.position; });
  return farm;
}

}  // namespace plumb::server
