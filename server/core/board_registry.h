// The boards of this server, each known by its agent's open control stream.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/core/board.h"
#include "server/core/strand.h"

namespace plumb::server {

// On the strand only. A board leased to a run whose stream breaks stays `lost` for the grace time:
// the same agent instance coming back keeps the run, anything else ends it.
class BoardRegistry {
 public:
  struct Events {
    // A board's agent came, or came again.
    std::function<void(const rpc::Hello& identity)> on_board_attached;
    // The board's agent is gone for good while leased to `run_id`; `status` says how.
    std::function<void(const std::string& run_id, const Status& status)> on_board_lost;
    // The agent leased to `run_id` is back on a new stream; `at_it`: it says that it is still at a
    // run.
    std::function<void(const std::string& run_id, bool at_it)> on_board_resumed;
    // A board is no longer known.
    std::function<void(const rpc::Hello& identity)> on_board_removed;
  };

  BoardRegistry(Strand* strand,
                std::chrono::milliseconds resume_grace,
                size_t max_boards,
                Events events);

  // kAlreadyExists and board_name_taken when another agent instance holds the name;
  // kResourceExhausted above `max_boards`.
  Status Attach(const rpc::Hello& identity, std::shared_ptr<BoardLink> link);
  // The stream of `link` ended. Ignored when a newer stream has taken the board over.
  void Detach(const std::string& name, const BoardLink* link);

  // False when that agent is not connected, or at another run: its board cannot be used now.
  bool Lease(const std::string& name, const std::string& instance, const rpc::RunKey& key);
  // Ends the lease of `run_id`, if it still holds the board.
  void Release(const std::string& name, const std::string& run_id);

  // Ends the stream of that agent, unless it has gone already.
  void Refuse(const std::string& name, const std::string& instance, const Status& reason);

  // Ends the stream of whichever agent is that board's, and says which; empty: none.
  std::string Disconnect(const std::string& name, const Status& reason);

  // That agent's stream is open.
  [[nodiscard]] bool Has(const std::string& name, const std::string& instance) const;
  // The link of the board leased to `run_id`; null while it is lost.
  [[nodiscard]] std::shared_ptr<BoardLink> LinkOf(const std::string& run_id) const;
  // The board leased to `run_id`.
  [[nodiscard]] std::optional<rpc::Hello> BoardOf(const std::string& run_id) const;
  // Sorted by name.
  [[nodiscard]] std::vector<BoardInfo> List() const;
  // Ends every stream.
  void CloseAll(const Status& reason);

 private:
  struct Entry {
    rpc::Hello identity;
    std::shared_ptr<BoardLink> link;  // null while lost
    rpc::RunKey run;                  // empty id: free
    Strand::Timer grace;
    int64_t connected_unix_ms = 0;
  };

  Status Replace(Entry& entry, const rpc::Hello& identity, std::shared_ptr<BoardLink> link);
  void Forget(const std::string& name, const std::string& why);
  void Remove(std::map<std::string, Entry>::iterator found);
  void Free(Entry& entry);
  [[nodiscard]] const Entry* At(const std::string& run_id) const;

  Strand* strand_;
  std::chrono::milliseconds resume_grace_;
  const size_t max_boards_;
  Events events_;
  std::map<std::string, Entry> boards_;
  std::map<std::string, std::string> by_run_;  // run → the board that is leased to it
};

}  // namespace plumb::server
