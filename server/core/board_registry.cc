#include "server/core/board_registry.h"

#include <utility>

#include "common/rpc/limits.h"
#include "common/runner/failure.h"
#include "server/core/limits.h"

namespace plumb::server {
namespace {

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

// A run that the server has given up, or that an earlier server or attempt started.
void StopUnknownRun(const rpc::Hello& hello, const rpc::RunKey& expected, BoardLink& link) {
  if (hello.current_run && !(*hello.current_run == expected)) {
    link.SendCancel({*hello.current_run, "the server no longer knows this run"});
  }
}

}  // namespace

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
  StopUnknownRun(identity, {}, *link);
  boards_.emplace(identity.board_name, Entry{identity, std::move(link), {}, {}, UnixMs()});
  events_.on_board_attached(identity);
  return OkStatus();
}

Status BoardRegistry::Replace(Entry& entry,
                              const rpc::Hello& identity,
                              std::shared_ptr<BoardLink> link) {
  const bool same_instance = entry.identity.instance_id == identity.instance_id;
  if (!same_instance && entry.link) {
    return NameTaken(identity.board_name);
  }
  const std::string run_id = entry.run.run_id;
  if (entry.link) {
    // The agent saw its stream break before the server did.
    entry.link->Close(AbortedError("the agent opened a newer stream"));
  }
  StopUnknownRun(identity, entry.run, *link);
  entry.grace = {};
  entry.identity = identity;
  entry.link = std::move(link);
  events_.on_board_attached(identity);
  if (run_id.empty()) {
    return OkStatus();
  }
  if (same_instance) {
    events_.on_board_resumed(run_id, identity.current_run.has_value());
    return OkStatus();
  }
  Free(entry);
  events_.on_board_lost(run_id, AgentLost(identity.board_name, "was restarted in mid-run"));
  return OkStatus();
}

void BoardRegistry::Detach(const std::string& name, const BoardLink* link) {
  const auto found = boards_.find(name);
  if (found == boards_.end() || found->second.link.get() != link) {
    return;
  }
  Entry& entry = found->second;
  entry.link.reset();
  if (entry.run.run_id.empty()) {
    Remove(found);
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
  const std::string run_id = found->second.run.run_id;
  Remove(found);
  if (!run_id.empty()) {
    events_.on_board_lost(run_id, AgentLost(name, why));
  }
}

void BoardRegistry::Remove(std::map<std::string, Entry>::iterator found) {
  Free(found->second);
  const rpc::Hello identity = std::move(found->second.identity);
  boards_.erase(found);
  events_.on_board_removed(identity);
}

bool BoardRegistry::Lease(const std::string& name,
                          const std::string& instance,
                          const rpc::RunKey& key) {
  const auto found = boards_.find(name);
  if (found == boards_.end() || !found->second.link || !found->second.run.run_id.empty() ||
      found->second.identity.instance_id != instance) {
    return false;
  }
  found->second.run = key;
  by_run_[key.run_id] = name;
  return true;
}

void BoardRegistry::Free(Entry& entry) {
  by_run_.erase(entry.run.run_id);
  entry.run = {};
}

const BoardRegistry::Entry* BoardRegistry::At(const std::string& run_id) const {
  const auto board = by_run_.find(run_id);
  const auto found = board == by_run_.end() ? boards_.end() : boards_.find(board->second);
  return found == boards_.end() ? nullptr : &found->second;
}

void BoardRegistry::Release(const std::string& name, const std::string& run_id) {
  const auto found = boards_.find(name);
  if (found == boards_.end() || found->second.run.run_id != run_id) {
    return;
  }
  Free(found->second);
  if (!found->second.link) {
    found->second.grace = {};
    Remove(found);
  }
}

void BoardRegistry::Refuse(const std::string& name,
                           const std::string& instance,
                           const Status& reason) {
  const auto found = boards_.find(name);
  if (found != boards_.end() && found->second.link &&
      found->second.identity.instance_id == instance) {
    found->second.link->Close(reason);
  }
}

std::string BoardRegistry::Disconnect(const std::string& name, const Status& reason) {
  const auto found = boards_.find(name);
  if (found == boards_.end()) {
    return "";
  }
  const std::string instance = found->second.identity.instance_id;
  if (const auto link = found->second.link) {
    link->Close(reason);
  }
  return instance;
}

bool BoardRegistry::Has(const std::string& name, const std::string& instance) const {
  const auto found = boards_.find(name);
  return found != boards_.end() && found->second.link &&
         found->second.identity.instance_id == instance;
}

std::shared_ptr<BoardLink> BoardRegistry::LinkOf(const std::string& run_id) const {
  const Entry* entry = At(run_id);
  return entry != nullptr ? entry->link : nullptr;
}

std::optional<rpc::Hello> BoardRegistry::BoardOf(const std::string& run_id) const {
  const Entry* entry = At(run_id);
  return entry != nullptr ? std::optional(entry->identity) : std::nullopt;
}

std::vector<BoardInfo> BoardRegistry::List() const {
  std::vector<BoardInfo> list;
  list.reserve(boards_.size());
  for (const auto& [name, entry] : boards_) {
    list.push_back(
        {entry.identity, entry.run.run_id, entry.link != nullptr, entry.connected_unix_ms});
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
