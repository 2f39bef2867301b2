// All runs of the server: queued, under way, finished; and what watches or feeds them.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/core/board_care.h"
#include "server/core/board_registry.h"
#include "server/core/data_folder.h"
#include "server/core/run_entry.h"
#include "server/core/run_history.h"
#include "server/core/run_options.h"
#include "server/core/run_session.h"
#include "server/core/simulator.h"
#include "server/farm/farm.h"

namespace plumb::server {

// On the strand only; Stop() must have completed before it is destroyed. The queue and the leases
// are the store's; here is what this server does for them. Each run that this server has a board
// for gets a thread of its own until it is finished; limits.running_runs is how many do.
class RunManager {
 public:
  template <class T>
  using Done = std::function<void(T result)>;

  RunManager(Strand* strand,
             const DataFolder* data,
             SimulatorSource simulators,
             FarmAccess farm,
             RunManagerOptions options);

  BoardRegistry& boards() { return boards_; }

  Farm& farm() { return *farm_; }

  // The id of the new run, or of the one that this very request started before. kNotFound with
  // board_not_found; kFailedPrecondition for artifacts that are not here; kResourceExhausted when
  // too many wait; kAlreadyExists when the request id was used for something else.
  void Start(RunRequest request, Done<Result<std::string>> done);
  // A finished run stays as it is. `actor`: who asks, for the audit.
  void Cancel(const std::string& run_id, const std::string& actor, Done<Result<RunSummary>> done);
  // Of the runs that this server had to do with.
  [[nodiscard]] Result<RunSummary> Find(const std::string& run_id) const;
  [[nodiscard]] std::vector<RunSummary> List(size_t max_count) const;
  // The farm's, newest first.
  void ListAll(size_t max_count, Done<Result<std::vector<RunSummary>>> done);

  // No further runs are taken.
  [[nodiscard]] bool stopping() const { return static_cast<bool>(stopped_); }

  // Where the report of a finished run lies; kFailedPrecondition before it is finished, kNotFound
  // when retention has removed it.
  [[nodiscard]] Result<std::filesystem::path> ReportPath(const std::string& run_id) const;

  // Calls `callback` once, on the strand, as soon as something is newer than `cursor` (0: at once,
  // with a snapshot). The ticket takes it back.
  using WatchCallback = RunEntry::WatchCallback;
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
  using Run = RunEntry;

  // Requests: run_manager.cc.
  [[nodiscard]] Status CheckRequest(const RunRequest& request) const;
  [[nodiscard]] Result<Simulator> SimulatorFor(const ReferenceChoice& choice) const;
  Run* Add(const RunSummary& summary, RunRequest request);
  // Makes a run known that came through another server, then calls `done`.
  void Locate(const std::string& run_id, Done<Status> done);
  [[nodiscard]] size_t waiting() const;

  // Leases: run_leases.cc.
  void OnGrant(const store::Grant& grant);
  void Begin(const std::string& run_id, const store::Grant& grant);
  void StartOnBoard(const std::string& run_id);
  void OnLost(const store::Lease& lease, const Status& why);
  void OnLookedAt(const store::RunRecord& record);
  void Explain(const std::string& run_id);
  void OnBoardAttached(const rpc::Hello& identity);
  void OnBoardRemoved(const rpc::Hello& identity);
  void EndHopeless();
  // Ends a run wherever it is; its report says `reason`.
  void End(const std::string& run_id, const Status& reason);
  void Settle(const std::string& run_id, const analysis::ComparisonReport& report);
  // True when the store was asked; `otherwise` is called if the run does not wait again.
  bool TryAgain(const std::string& run_id,
                const analysis::ComparisonReport& report,
                const std::function<void()>& otherwise);
  void AfterLoss(const std::string& run_id, const analysis::ComparisonReport& report);
  void WaitAgain(const std::string& run_id);

  // Sessions: run_jobs.cc.
  Result<SessionJob> MakeJob(const Run& run) const;
  void StartSession(const std::string& run_id, SessionJob job);
  void WriteFailure(const std::string& run_id, const Status& reason);
  void OnEvents(const std::string& run_id, const std::vector<SessionEvent>& events);
  void OnFinished(const std::string& run_id, const analysis::ComparisonReport& report);
  // The board is done with: tells the store.
  void Conclude(const std::string& run_id, const analysis::ComparisonReport& report);
  void Publish(const std::string& run_id, const analysis::ComparisonReport& report);
  void Retire(const std::string& run_id);
  void CheckStopped();

  // Hooks: run_hooks.cc.
  void Prepare(const std::string& run_id);
  void OnUnprepared(const std::string& run_id, const Status& failure);
  void CleanUp(const std::string& run_id, bool hung, const analysis::ComparisonReport& report);
  void Announce(const rpc::Hello& identity);

  // Boards: run_uploads.cc.
  void SendCommand(const std::string& run_id);
  // The run of `key` if a board of that agent is at it; null otherwise.
  Run* RunOf(const std::string& instance_id, const rpc::RunKey& key);
  void SendCancel(const std::string& run_id, const Status& reason);
  void OnBoardResumed(const std::string& run_id, bool at_it);

  void Notify(Run* run);
  Run* Get(const std::string& run_id);

  Strand* strand_;
  const DataFolder* data_;
  SimulatorSource simulators_;
  RunManagerOptions options_;
  const std::string farm_id_;
  BoardRegistry boards_;
  RunHistory history_;
  std::map<std::string, std::unique_ptr<Run>> runs_;  // unfinished and recent
  std::deque<std::string> recent_;                    // finished ids in runs_, oldest first
  size_t sessions_ = 0;                               // threads of runs
  size_t unsettled_ = 0;                              // runs whose end the store is being told
  uint64_t next_ticket_ = 1;
  std::function<void()> stopped_;    // set by Stop
  std::unique_ptr<Farm> farm_;       // it calls all of the above
  std::unique_ptr<BoardCare> care_;  // null: no hooks
};

}  // namespace plumb::server
