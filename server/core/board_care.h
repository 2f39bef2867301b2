// What is done to boards around their runs: the lab's hooks, quarantine, health checks.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/analysis/report.h"
#include "common/base/status.h"
#include "server/core/blob_store.h"
#include "server/core/board_health.h"
#include "server/core/strand.h"
#include "server/farm/farm.h"
#include "server/hooks/hook_runner.h"

namespace plumb::server {

// On the strand only; callbacks come on it, perhaps before the call returns. Whatever is asked here
// of a board, it is leased to the run meanwhile.
class BoardCare {
 public:
  // `hooks` and the pointers outlive it. `start`: as RunManager::Start.
  BoardCare(Strand* strand,
            std::shared_ptr<HookRunner> hooks,
            const BlobStore* blobs,
            Farm* farm,
            BoardHealth::Start start);

  // A board's agent came; `then` may tell the store.
  void OnAttached(const rpc::Hello& board, std::function<void()> then);
  void OnRemoved(const std::string& board);

  [[nodiscard]] bool Prepares(const std::string& board) const;
  // before_lease. A failure means that the run must not begin: the board is in quarantine by then,
  // or (kCancelled) the server stops.
  void Prepare(const std::string& board,
               const std::string& run_id,
               std::function<void(const Status& failure)> done);

  // A session on a board that is over.
  struct Used {
    std::string board;
    std::string run_id;
    std::filesystem::path folder;  // the run's archive
    analysis::ComparisonReport report;
    bool hung = false;  // the runtime or the agent did not answer
  };

  // Judges a health check; on_hang, flash (not at the first hang in a row) and power_cycle of a
  // board that hung, then after_lease. What fails quarantines the board, and so do three hangs in a
  // row. `disconnect`: it was power-cycled, so the agent's stream is to be ended.
  void CleanUp(const Used& used, std::function<void(bool disconnect)> done);

  // Hooks have five seconds left.
  void Stop();

 private:
  void RunHooks(const Used& used, std::function<void(bool disconnect)> done);
  void Quarantine(const std::string& board, const std::string& reason, std::function<void()> done);
  // Calls `done` once a failure that is the board's is known to the store.
  void Settle(const std::string& board,
              const Status& failure,
              std::function<void(const Status& failure)> done);

  Strand* strand_;
  std::shared_ptr<HookRunner> hooks_;
  Farm* farm_;
  BoardHealth health_;
  std::map<std::string, uint32_t> hangs_;  // by board, in a row
};

}  // namespace plumb::server
