// Store: the queue, the boards, who may use them until when, and what was done. One interface,
// SQLite and PostgreSQL behind it, one conformance suite (tests/conformance/store_conformance).
//
// Rules that both keep:
// * A lease is a row with a time to live and an epoch, one more at each grant; nothing is held open
//   for the length of a run. Whoever lost it is refused by its epoch, whatever the clocks say.
// * The store's clock alone decides what is over.
// * Queue, lease, outcome and audit change in one transaction, or none does.
// * A run is started at least once and ends exactly once; `attempt` says how often it was started.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "server/store/records.h"

namespace plumb::store {

// Thread-safe. Every call blocks until the engine answers, at most about ten seconds: call it from
// a thread that may wait. Errors beside those named: kUnavailable (the engine cannot be reached or
// is too busy: try again), kInvalidArgument (names that are not safe, numbers out of range).
class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  // Makes the board known, or seen again; tags and description are replaced. kAlreadyExists with
  // board_name_taken while another instance with that name is alive.
  virtual Status Announce(const BoardAnnouncement& board) = 0;
  // One statement for all boards of a server; those of another server or unknown are left alone.
  virtual Status See(std::string_view server,
                     std::span<const std::string> boards,
                     std::chrono::milliseconds alive) = 0;
  // The agent went away by itself: offline at once. Its lease, if any, lives until it expires.
  virtual Status Leave(std::string_view board, std::string_view instance) = 0;
  // By name, ascending.
  virtual Result<std::vector<BoardRecord>> Boards() = 0;
  // kNotFound with board_not_found. `reason` is kept; empty for kInService.
  virtual Status SetService(std::string_view board,
                            Service service,
                            std::string_view reason,
                            std::string_view actor) = 0;

  // The run's id. The same client and key with the same content gives the first one's id;
  // kAlreadyExists for other content.
  virtual Result<std::string> Submit(const Submission& submission) = 0;
  // kNotFound with run_not_found.
  virtual Result<RunRecord> Find(std::string_view run_id) = 0;
  // Newest first.
  virtual Result<std::vector<RunRecord>> Runs(size_t max_count) = 0;
  // kFailedPrecondition when it does not wait.
  virtual Result<Waiting> Explain(std::string_view run_id) = 0;
  // Ends a run that is not finished with outcome "cancelled", whoever holds its lease; a finished
  // one stays as it is. The record after that.
  virtual Result<RunRecord> Cancel(std::string_view run_id, std::string_view actor) = 0;

  // The next run for which a board that `server` reaches is idle, by fair share and age
  // (docs/farm.md); empty when there is none. The lease begins in state preparing.
  virtual Result<std::optional<Grant>> Claim(std::string_view server,
                                             std::chrono::milliseconds time_to_live) = 0;
  // The board is prepared: preparing becomes leased. kAborted with lease_lost, likewise below.
  virtual Status Begin(const Lease& lease) = 0;
  // Those that are lost, in order; all others live on for `time_to_live`.
  virtual Result<std::vector<Lease>> Renew(std::span<const Lease> leases,
                                           std::chrono::milliseconds time_to_live) = 0;
  // The run is over and the board free. Doing the same again is no error: a reply may be lost.
  virtual Status Finish(const Lease& lease, std::string_view outcome, std::string_view result) = 0;
  // The start failed for reasons of the board or server: waits again at its old place, or is over
  // with `outcome` when it has no attempts left; true when it waits.
  virtual Result<bool> GiveBack(const Lease& lease, std::string_view outcome) = 0;
  // Frees the board whoever holds it; its run is over with outcome "kicked". Empty when it was
  // free.
  virtual Result<std::optional<Lease>> Kick(std::string_view board, std::string_view actor) = 0;
  // Ends what was not renewed in time, at most 100 at a call.
  virtual Result<std::vector<Expired>> Reap() = 0;

  virtual Status Audit(std::string_view actor,
                       std::string_view action,
                       std::string_view subject,
                       std::string_view detail) = 0;
  // Ascending from above `after`.
  virtual Result<std::vector<AuditEntry>> AuditTrail(int64_t after, size_t max_count) = 0;
};

// "sqlite:FILE" or "postgresql://…" (also "postgres://…", or libpq's key=value words). Makes or
// migrates the tables. kFailedPrecondition when another server has the SQLite file, or when the
// tables are newer than this program.
Result<std::unique_ptr<Store>> OpenStore(const std::string& address);

}  // namespace plumb::store
