// What the store keeps: boards, runs, leases and the audit. All times are milliseconds since 1970
// by the store's own clock, never by a board's or a server's.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace plumb::store {

// What an administrator, or a failed health check, decided of a board.
enum class Service : uint8_t {
  kInService,
  kDraining,     // finishes what it runs, gets nothing new
  kQuarantined,  // gets nothing until somebody takes it out
};

// What a board is at this moment; the first that holds, in this order.
enum class BoardState : uint8_t { kLeased, kPreparing, kQuarantined, kDraining, kOffline, kIdle };

std::string_view ServiceName(Service service);
std::string_view BoardStateName(BoardState state);

// A server tells of a board whose agent is connected to it.
struct BoardAnnouncement {
  std::string name;
  std::string server;                       // which server reaches it
  std::string instance;                     // of the agent: another one means that it was restarted
  std::vector<std::string> tags;            // chip, family, SDK, memory, free words
  std::string description;                  // JSON, for people and programs; not looked into
  std::chrono::milliseconds alive{15'000};  // counts as offline unless seen again by then
};

struct BoardRecord {
  std::string name;
  std::string server;
  std::string instance;
  std::vector<std::string> tags;  // sorted
  std::string description;
  BoardState state = BoardState::kOffline;
  Service service = Service::kInService;
  std::string reason;       // of `service`; empty in service
  int64_t since_ms = 0;     // when `service` was set
  int64_t seen_ms = 0;      // last announced or seen
  std::string run_id;       // empty: free
  std::string owner;        // of that run
  std::string reserved_by;  // owner of the reservation that holds now; empty: none
  int64_t reserved_until_ms = 0;
  uint64_t epoch = 0;      // grants so far; the current lease's number
  int64_t expires_ms = 0;  // of the lease
};

enum class RunPhase : uint8_t { kQueued, kRunning, kFinished };

std::string_view RunPhaseName(RunPhase phase);

// Somebody wants a run.
struct Submission {
  std::string id;        // what it is to be called if it is new; empty: drawn by the store
  std::string client;    // who sends it, and with `key` which request it is: the same pair again
  std::string key;       // means the same run
  std::string owner;     // fair share is between owners
  std::string tags;      // tag_expression.h; empty: any board
  std::string request;   // opaque: what to run
  int32_t priority = 0;  // −1000…1000, higher first: 100 count as much as half as many running
  uint32_t max_attempts = 2;  // 1…100: starts, should boards or servers be lost in the middle
  // How long it may wait for a board, from its submission on; 0: for ever.
  std::chrono::milliseconds patience{0};
};

struct RunRecord {
  std::string id;
  Submission submission;
  RunPhase phase = RunPhase::kQueued;
  uint32_t attempt = 0;  // starts so far
  std::string board;     // of the last start
  std::string server;
  uint64_t epoch = 0;
  int64_t submitted_ms = 0;
  int64_t started_ms = 0;
  int64_t finished_ms = 0;
  std::string outcome;  // a stable word: "match", "cancelled", "lease_expired", …
  std::string result;   // opaque: what came of it
};

// The right to use a board until its time to live is over. Whoever holds it stops earlier, by its
// own monotonic clock; what comes later is refused for its epoch.
struct Lease {
  std::string run_id;
  std::string board;
  uint64_t epoch = 0;

  friend bool operator==(const Lease&, const Lease&) = default;
};

struct Grant {
  Lease lease;
  RunRecord run;
  std::string instance;  // the agent it was granted on
};

// A lease that was not renewed; or a run that waited too long: without board and epoch.
struct Expired {
  Lease lease;
  bool queued_again = false;  // false: it had no attempts left
};

// A board kept for one owner for a time: nobody else's run is started on it.
struct Reservation {
  std::string id;
  std::string board;
  std::string owner;
  std::string note;
  int64_t from_ms = 0;
  int64_t until_ms = 0;
};

// Somebody wants a board for himself.
struct ReservationRequest {
  std::string owner;
  std::string tags;  // tag_expression.h; the board is chosen among those that match
  std::string note;  // for people
  std::chrono::milliseconds from{0};    // from now on; 0: at once
  std::chrono::milliseconds length{0};  // above 0, at most 31 days
  uint32_t count = 1;                   // boards, 1 to 64: all of them or none
};

// Why a run still waits.
struct Waiting {
  uint64_t position = 0;  // 1: next, when a board comes free
  uint64_t queued = 0;    // runs that wait, this one included
  uint64_t leased = 0;    // of the boards that match, by state
  uint64_t preparing = 0;
  uint64_t quarantined = 0;
  uint64_t draining = 0;
  uint64_t offline = 0;
  uint64_t idle = 0;
  std::string reason;  // "3 boards match: 2 leased, 1 quarantined since 2026-11-20 … (hung)"
};

struct AuditEntry {
  int64_t id = 0;  // ascending
  int64_t at_ms = 0;
  std::string actor;
  std::string action;  // "submit", "grant", "finish", "expire", "kick", "cancel", "quarantine", …
  std::string subject;
  std::string detail;
};

}  // namespace plumb::store
