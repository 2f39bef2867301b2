#include "server/core/board_registry.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/rpc/limits.h"
#include "common/runner/failure.h"
#include "server/core/limits.h"

namespace plumb::server {
namespace {

bool Fits(const rpc::Hello& board, const BoardSelector& selector) {
  return std::all_of(selector.begin(), selector.end(), [&](const std::string& word) {
    return word == board.board_name ||
           std::find(board.tags.begin(), board.tags.end(), word) != board.tags.end();
  });
}

int64_t UnixMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Status AgentLost(const std::string& board, const std::string& why) {
  return UnavailableError("the agent of board '" + board + "' " + why)
      .WithReason(kReasonAgentLost)
      .WithHint("look at the agent's log on the board, then run again");
}

// An agent that was killed together with its link holds its name until keepalive finds the link
// dead; nothing says earlier that nobody is there.
Status NameTaken(const std::string& board) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(rpc::kKeepaliveTime +
                                                                        rpc::kKeepaliveTimeout);
  return AlreadyExistsError("a board named '" + board + "' is already connected by another agent")
      .WithReason(kReasonBoardNameTaken)
      .WithHint(
          "give this agent another --name, or stop the other one; one whose link was cut "
          "loses the name within " +
          std::to_string(seconds.count()) + " s, and this agent keeps trying");
}

// A run that the server has given up, or that an earlier server started.
void StopUnknownRun(const rpc::Hello& hello, const std::string& expected_run_id, BoardLink& link) {
  if (hello.current_run && hello.current_run->run_id != expected_run_id) {
    link.SendCancel({*hello.current_run, "the server no longer knows this run"});
  }
}

}  // namespace

std::string DescribeSelector(const BoardSelector& selector) {
  if (selector.empty()) {
    return "any board";
  }
  return (selector.size() == 1 ? "board '" : "a board with '") + Join(selector, "' and '") + "'";
}

BoardRegistry::BoardRegistry(Strand* strand,
                             std::chrono::milliseconds resume_grace,
                             size_t max_boards,
                             Events events)
    : strand_(strand),
      resume_grace_(resume_grace),
      max_boards_(max_boards),
      events_(std::move(events)) {}

Status BoardRegistry::Attach(const rpc::Hello& identity, std::shared_ptr<BoardLink> link) {
  const auto found = boards_.find(identity.board_name);
  if (found != boards_.end()) {
    return Replace(found->second, identity, std::move(link));
  }
  if (boards_.size() >= max_boards_) {
    return LimitReached(
        "boards", max_boards_, "stop agents that are not needed, or start a second server");
  }
  StopUnknownRun(identity, "", *link);
  boards_.emplace(identity.board_name, Entry{identity, std::move(link), "", {}, UnixMs()});
  events_.on_board_available();
  return OkStatus();
}

Status BoardRegistry::Replace(Entry& entry,
                              const rpc::Hello& identity,
                              std::shared_ptr<BoardLink> link) {
  const bool same_instance = entry.identity.instance_id == identity.instance_id;
  if (!same_instance && entry.link) {
    return NameTaken(identity.board_name);
  }
  const std::string run_id = entry.run_id;
  if (entry.link) {
    // The agent saw its stream break before the server did.
    entry.link->Close(AbortedError("the agent opened a newer stream"));
  }
  StopUnknownRun(identity, entry.run_id, *link);
  entry.grace = {};
  entry.identity = identity;
  entry.link = std::move(link);
  if (run_id.empty()) {
    events_.on_board_available();
    return OkStatus();
  }
  if (same_instance) {
    events_.on_board_resumed(run_id, identity.current_run.has_value());
    return OkStatus();
  }
  entry.run_id.clear();
  events_.on_board_lost(run_id, AgentLost(identity.board_name, "was restarted in mid-run"));
  events_.on_board_available();
  return OkStatus();
}

void BoardRegistry::Detach(const std::string& name, const BoardLink* link) {
  const auto found = boards_.find(name);
  if (found == boards_.end() || found->second.link.get() != link) {
    return;
  }
  Entry& entry = found->second;
  entry.link.reset();
  if (entry.run_id.empty()) {
    boards_.erase(found);
    events_.on_board_removed();
    return;
  }
  entry.grace = strand_->After(resume_grace_, [this, name] {
    Forget(name,
           "lost its link and did not come back within " + std::to_string(resume_grace_.count()) +
               " ms");
  });
}

void BoardRegistry::Forget(const std::string& name, const std::string& why) {
  const auto found = boards_.find(name);
  if (found == boards_.end()) {
    return;
  }
  const std::string run_id = found->second.run_id;
  boards_.erase(found);
  if (!run_id.empty()) {
    events_.on_board_lost(run_id, AgentLost(name, why));
  }
  events_.on_board_removed();
}

Result<std::optional<std::string>> BoardRegistry::FindIdle(const BoardSelector& selector) const {
  bool fits = false;
  for (const auto& [name, entry] : boards_) {
    if (!Fits(entry.identity, selector)) {
      continue;
    }
    if (entry.link && entry.run_id.empty()) {
      return std::optional<std::string>(name);
    }
    fits = true;
  }
  if (fits) {
    return std::optional<std::string>();
  }
  return NotFoundError("no connected board fits " + DescribeSelector(selector) + "; " +
                       DescribeBoards())
      .WithReason(kReasonBoardNotFound)
      .WithHint(boards_.empty() ? "start plumb-agent on the board with --server and this address"
                                : "choose one of these with --board, by name or by tag");
}

std::string BoardRegistry::DescribeBoards() const {
  if (boards_.empty()) {
    return "no board is connected";
  }
  constexpr size_t kMaxNamed = 20;
  std::vector<std::string> names;
  for (const auto& [name, entry] : boards_) {
    if (names.size() == kMaxNamed) {
      names.push_back("and " + std::to_string(boards_.size() - kMaxNamed) + " more");
      break;
    }
    std::string text = "'" + name + "'";
    if (!entry.identity.tags.empty()) {
      text += " (tags " + Join(entry.identity.tags, ", ") + ")";
    }
    names.push_back(std::move(text));
  }
  return "connected: " + Join(names, "; ");
}

void BoardRegistry::Lease(const std::string& name, const std::string& run_id) {
  const auto found = boards_.find(name);
  if (found != boards_.end()) {
    found->second.run_id = run_id;
  }
}

void BoardRegistry::Release(const std::string& name, const std::string& run_id) {
  const auto found = boards_.find(name);
  if (found == boards_.end() || found->second.run_id != run_id) {
    return;
  }
  found->second.run_id.clear();
  if (!found->second.link) {
    found->second.grace = {};
    boards_.erase(found);
    events_.on_board_removed();
    return;
  }
  events_.on_board_available();
}

std::shared_ptr<BoardLink> BoardRegistry::LinkOf(const std::string& run_id) const {
  for (const auto& [name, entry] : boards_) {
    if (entry.run_id == run_id) {
      return entry.link;
    }
  }
  return nullptr;
}

std::optional<rpc::Hello> BoardRegistry::BoardOf(const std::string& run_id) const {
  for (const auto& [name, entry] : boards_) {
    if (entry.run_id == run_id) {
      return entry.identity;
    }
  }
  return std::nullopt;
}

std::vector<BoardInfo> BoardRegistry::List() const {
  std::vector<BoardInfo> list;
  list.reserve(boards_.size());
  for (const auto& [name, entry] : boards_) {
    list.push_back({entry.identity, entry.run_id, entry.link != nullptr, entry.connected_unix_ms});
  }
  return list;
}

void BoardRegistry::CloseAll(const Status& reason) {
  for (const auto& [name, entry] : boards_) {
    if (entry.link) {
      entry.link->Close(reason);
    }
  }
}

}  // namespace plumb::server
