// All runs of the server: queued, under way, finished; and what watches or feeds them.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/core/board_registry.h"
#include "server/core/data_folder.h"
#include "server/core/limits.h"
#include "server/core/remote_runner.h"
#include "server/core/run_history.h"
#include "server/core/run_journal.h"
#include "server/core/run_session.h"
#include "server/core/run_types.h"
#include "server/core/simulator.h"

namespace plumb::server {

struct RunManagerOptions {
  std::chrono::milliseconds resume_grace{5'000};  // for an agent to come back in mid-run
  std::string version;                            // for reports
  ServerLimits limits;
};

// On the strand only; Stop() must have completed before it is destroyed. Each run that leaves the
// queue gets a thread of its own until it is finished; limits.running_runs is how many do.
class RunManager {
 public:
  RunManager(Strand* strand,
             const DataFolder* data,
             SimulatorSource simulators,
             RunManagerOptions options);

  BoardRegistry& boards() { return boards_; }

  // The id of the new run, or of the one that this very request started before. kNotFound with
  // board_not_found; kFailedPrecondition for artifacts that are not here; kResourceExhausted when
  // too many wait; kAlreadyExists when the request id was used for something else.
  Result<std::string> Start(const RunRequest& request);
  // A finished run stays as it is.
  Result<RunSummary> Cancel(const std::string& run_id);
  [[nodiscard]] Result<RunSummary> Find(const std::string& run_id) const;
  // Newest first.
  [[nodiscard]] std::vector<RunSummary> List(size_t max_count) const;
  // Where the report of a finished run lies; kFailedPrecondition before it is finished.
  [[nodiscard]] Result<std::filesystem::path> ReportPath(const std::string& run_id) const;

  // Calls `callback` once, on the strand, as soon as something is newer than `cursor` (0: at once,
  // with a snapshot). The ticket takes it back.
  using WatchCallback = std::function<void(const Result<RunJournal::Update>& update)>;
  uint64_t Await(const std::string& run_id, uint64_t cursor, WatchCallback callback);
  void StopAwaiting(const std::string& run_id, uint64_t ticket);

  // An upload stream of a board. `close` ends it from the server's side, should a newer one come or
  // the run be over.
  // kNotFound when no such run waits for an upload, kPermissionDenied for another agent instance.
  Result<std::shared_ptr<RemoteRunner>> OpenUpload(const std::string& instance_id,
                                                   const rpc::RunKey& key,
                                                   uint64_t upload,
                                                   std::function<void(const Status& why)> close);
  // That stream ended; without a new one within the grace time the run ends as agent_lost.
  void CloseUpload(const std::string& run_id, uint64_t upload);
  // The agent answers its run command: limits.accept after the command the run ends without that.
  void BoardAccepted(const std::string& instance_id, const rpc::RunKey& key);
  // The agent says so on its control stream.
  void BoardFailed(const std::string& instance_id, const rpc::RunKey& key, const Status& status);

  // Refuses new runs, ends all others and calls `done` when the last has written its report.
  void Stop(std::function<void()> done);

 private:
  struct Run {
    RunRequest request;
    RunJournal journal;
    CancelToken cancel;
    std::chrono::steady_clock::time_point until;
    Strand::Timer deadline;
    std::shared_ptr<RemoteRunner> remote;  // while a board is at it
    std::thread session;                   // joinable from dispatch to finish
    Strand::Timer unanswered;              // until the board answers the run command
    uint64_t upload = 0;                   // the open upload stream; 0: none
    std::function<void(const Status& why)> close_upload;
    Strand::Timer upload_grace;
    std::map<uint64_t, std::pair<uint64_t, WatchCallback>> watchers;  // ticket → cursor, callback
  };

  [[nodiscard]] Status CheckRequest(const RunRequest& request) const;
  [[nodiscard]] Result<Simulator> SimulatorFor(const ReferenceChoice& choice) const;
  void Dispatch();
  void Lease(const std::string& run_id, const std::string& board);
  void StartSession(const std::string& run_id, SessionJob job);
  Result<SessionJob> MakeJob(const Run& run) const;
  // Ends a run wherever it is; its report says `reason`.
  void End(const std::string& run_id, const Status& reason);
  void SendCommand(const std::string& run_id);
  // The run of `key` if a board of that agent is at it; null otherwise.
  Run* RunOf(const std::string& instance_id, const rpc::RunKey& key);
  void SendCancel(const std::string& run_id, const Status& reason);
  void OnBoardResumed(const std::string& run_id, bool at_it);
  void OnBoardRemoved();
  void OnEvents(const std::string& run_id, const std::vector<SessionEvent>& events);
  void OnFinished(const std::string& run_id, const analysis::ComparisonReport& report);
  void Notify(Run* run);
  Run* Get(const std::string& run_id);

  Strand* strand_;
  const DataFolder* data_;
  SimulatorSource simulators_;
  RunManagerOptions options_;
  BoardRegistry boards_;
  RunHistory history_;
  std::map<std::string, std::unique_ptr<Run>> runs_;  // unfinished and recent
  std::deque<std::string> queue_;                     // ids, first come first served
  std::deque<std::string> recent_;                    // finished ids in runs_, oldest first
  std::map<std::string, std::string> requests_;       // request id → run id, of runs_
  size_t sessions_ = 0;                               // threads of runs
  uint64_t next_ticket_ = 1;
  bool dispatching_ = false;
  std::function<void()> stopped_;  // set by Stop
};

}  // namespace plumb::server
