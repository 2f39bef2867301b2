// What the server holds of one run, from its request until it is one of the recent ones.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "common/base/cancel.h"
#include "server/core/remote_runner.h"
#include "server/core/run_journal.h"
#include "server/core/run_types.h"
#include "server/core/strand.h"
#include "server/store/records.h"

namespace plumb::server {

struct RunEntry {
  using WatchCallback = std::function<void(const Result<RunJournal::Update>& update)>;

  RunEntry(RunRequest wanted, const RunSummary& summary)
      : request(std::move(wanted)),
        journal(summary) {}

  RunRequest request;
  RunJournal journal;
  CancelToken cancel;
  std::chrono::steady_clock::time_point until;
  Strand::Timer deadline;
  std::map<uint64_t, std::pair<uint64_t, WatchCallback>> watchers;  // ticket → cursor, callback

  // Towards the store.
  std::optional<store::Lease> lease;  // while this server has a board for it
  Status lost;                        // why the lease is gone, if it is
  bool settled = false;               // the store has its end; only the report is missing
  bool ending = false;                // the store is being told
  bool hooked = false;                // hooks are at work on its board
  bool explaining = false;            // the store is being asked why it waits
  std::string waiting;                // what it said last

  // Towards the board.
  std::shared_ptr<RemoteRunner> remote;  // while a board is at it
  std::thread session;                   // joinable from the grant to the report
  Strand::Timer unanswered;              // until the board answers the run command
  uint64_t upload = 0;                   // the open upload stream; 0: none
  std::function<void(const Status& why)> close_upload;
  Strand::Timer upload_grace;
};

}  // namespace plumb::server
