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
#include "server/store/token.h"

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

  // Makes the board known, or seen again, with these tags. kAlreadyExists with board_name_taken
  // while another instance with that name is alive at another server.
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
  // All that are queued or running, oldest first, as they are at one moment.
  virtual Result<std::vector<RunRecord>> Unfinished() = 0;
  // kFailedPrecondition when it does not wait.
  virtual Result<Waiting> Explain(std::string_view run_id) = 0;
  // What Explain says, for a run that is not submitted: position and queued are 0.
  virtual Result<Waiting> Match(std::string_view tags) = 0;
  // Those that there are, at most 1000, in any order.
  virtual Result<std::vector<RunRecord>> FindAll(std::span<const std::string> run_ids) = 0;
  // Ends a run that is not finished, whoever holds its lease; a finished one stays as it is. The
  // record after that.
  virtual Result<RunRecord> Cancel(std::string_view run_id,
                                   std::string_view actor,
                                   std::string_view outcome = "cancelled") = 0;

  // The next runs for which boards that `server` reaches are idle, by fair share and age
  // (docs/store.md), at most `max_count`; empty when there are none. Leases begin in state
  // preparing.
  virtual Result<std::vector<Grant>> ClaimSome(std::string_view server,
                                               std::chrono::milliseconds time_to_live,
                                               size_t max_count) = 0;

  // As ClaimSome, the next one.
  Result<std::optional<Grant>> Claim(std::string_view server,
                                     std::chrono::milliseconds time_to_live) {
    PLUMB_ASSIGN_OR_RETURN(std::vector<Grant> grants, ClaimSome(server, time_to_live, 1));
    return grants.empty() ? std::optional<Grant>() : std::optional(std::move(grants.front()));
  }

  // The board is prepared: preparing becomes leased. kAborted with lease_lost, likewise below.
  virtual Status Begin(const Lease& lease) = 0;
  // Those that are lost, in order; all others live on for `time_to_live`.
  virtual Result<std::vector<Lease>> Renew(std::span<const Lease> leases,
                                           std::chrono::milliseconds time_to_live) = 0;
  // The run is over and the board free. The same again is no error: a reply may be lost.
  virtual Status Finish(const Lease& lease, std::string_view outcome, std::string_view result) = 0;
  // The start failed for reasons of the board or server: waits again at its old place, or is over
  // with `outcome` when it has no attempts left; true when it waits. One that never `started`
  // costs no attempt.
  virtual Result<bool> GiveBack(const Lease& lease,
                                std::string_view outcome,
                                bool started = true) = 0;
  // Frees the board whoever holds it; its run is over as "kicked". Empty when it was free.
  virtual Result<std::optional<Lease>> Kick(std::string_view board, std::string_view actor) = 0;
  // Ends what was not renewed in time or waited too long ("no_board"), at most 100 of each at a
  // call; forgets reservations that are over.
  virtual Result<std::vector<Expired>> Reap() = 0;

  // Idle boards first, then those that rested longest, in service or draining, that nobody has
  // reserved for any part of that time. kResourceExhausted with board_busy for too few.
  virtual Result<std::vector<Reservation>> Reserve(const ReservationRequest& request) = 0;
  // It now ends `length` from now. kNotFound with reservation_not_found; kPermissionDenied for
  // another owner; kResourceExhausted with board_busy when the next one begins before that.
  virtual Result<Reservation> Extend(std::string_view id,
                                     std::string_view owner,
                                     std::chrono::milliseconds length) = 0;
  // Ends it now. Empty `owner`: whoever has it (an administrator). What is under way on the board
  // goes on.
  virtual Status EndReservation(std::string_view id,
                                std::string_view owner,
                                std::string_view actor) = 0;
  // Those that hold and those to come, by start.
  virtual Result<std::vector<Reservation>> Reservations() = 0;

  // `token` with its id, hash, name, role and pool; it ends `life` from now (above 0, at most ten
  // years). kAlreadyExists for an id that is known.
  virtual Result<Token> AddToken(const Token& token,
                                 std::chrono::hours life,
                                 std::string_view actor) = 0;
  // Also one that has ended or was revoked: the store's time now is in the second. kNotFound with
  // token_not_found.
  virtual Result<std::pair<Token, int64_t>> FindToken(std::string_view id) = 0;
  // kNotFound with token_not_found. Again is no error.
  virtual Status RevokeToken(std::string_view id, std::string_view actor) = 0;
  // By name, then id; the newest 1000.
  virtual Result<std::vector<Token>> Tokens() = 0;

  // What tells this farm's grants from another's: drawn when the tables were made.
  virtual Result<std::string> FarmId() = 0;

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
