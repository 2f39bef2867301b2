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
    // A board became idle (connected or released): a waiting run may start.
    std::function<void()> on_board_available;
    // The board's agent is gone for good while leased to `run_id`; `status` says how.
    std::function<void(const std::string& run_id, const Status& status)> on_board_lost;
    // The agent leased to `run_id` is back on a new stream; `at_it`: it says that it is still at a
    // run.
    std::function<void(const std::string& run_id, bool at_it)> on_board_resumed;
    // A board is no longer known.
    std::function<void()> on_board_removed;
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

  // An idle board that fits; nullopt when all that fit are busy or briefly lost. kNotFound with
  // reason board_not_found, naming the boards there are, when none fits.
  [[nodiscard]] Result<std::optional<std::string>> FindIdle(const BoardSelector& selector) const;

  void Lease(const std::string& name, const std::string& run_id);
  // Ends the lease of `run_id`, if it still holds the board.
  void Release(const std::string& name, const std::string& run_id);

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
    std::string run_id;
    Strand::Timer grace;
    int64_t connected_unix_ms = 0;
  };

  Status Replace(Entry& entry, const rpc::Hello& identity, std::shared_ptr<BoardLink> link);
  void Forget(const std::string& name, const std::string& why);
  [[nodiscard]] std::string DescribeBoards() const;

  Strand* strand_;
  std::chrono::milliseconds resume_grace_;
  const size_t max_boards_;
  Events events_;
  std::map<std::string, Entry> boards_;
};

}  // namespace plumb::server
