// Whether boards still compute: a known network with a known result, when a board comes, after
// failures and by the clock (docs/hooks.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "common/analysis/report.h"
#include "common/base/status.h"
#include "common/rpc/messages.h"
#include "server/core/blob_store.h"
#include "server/core/run_types.h"
#include "server/core/strand.h"
#include "server/farm/farm.h"
#include "server/hooks/hook_config.h"

namespace plumb::server {

// A check is a run like any other, of the owner "health" and with the highest priority, so that a
// board that comes is given to it before anybody waiting gets the board. On the strand only;
// callbacks come on it, perhaps before the call returns.
class BoardHealth {
 public:
  using Start =
      std::function<void(RunRequest request, std::function<void(Result<std::string> run_id)> done)>;

  // The pointers outlive it.
  BoardHealth(
      Strand* strand, const BlobStore* blobs, Farm* farm, const HookConfig* config, Start start);

  // Calls `then` once the check of a new agent instance waits; at once for one that is known or
  // without a check.
  void OnAttached(const rpc::Hello& board, std::function<void()> then);
  void OnRemoved(const std::string& board);
  // Its agent is a new one, even if it says otherwise.
  void OnPowerCycled(const std::string& board);

  struct Finished {
    std::string board;
    std::string run_id;
    std::filesystem::path folder;  // its archive
    analysis::ComparisonReport report;
    bool hung = false;
  };

  // `then` gets the reason for quarantine if this was a check and the board did not pass; a failure
  // that is not the board's is no reason. After failures of other runs a check waits by then.
  void OnFinished(const Finished& run, std::function<void(const Status& failure)> then);

  void Stop();

 private:
  struct Board {
    std::string instance;                         // that was checked, or is being
    std::string run_id;                           // of the check under way; empty: none
    std::chrono::steady_clock::time_point until;  // it is given up by then
    uint32_t failures = 0;                        // of other runs, in a row
    bool connected = false;
    Strand::Timer timer;
  };

  void Check(const std::string& board, const std::string& why, std::function<void()> then);
  void Arm(const std::string& board);

  Strand* strand_;
  const BlobStore* blobs_;
  Farm* farm_;
  const HookConfig* config_;
  const Start start_;
  std::map<std::string, Board> boards_;
  bool stopped_ = false;
};

// SHA-256 over the valid bytes of all outputs of a run's target, in order.
Result<std::string> DigestOfOutputs(const std::filesystem::path& run);

}  // namespace plumb::server
