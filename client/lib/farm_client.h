// The client's side of the farm: who may use which board. A library: it prints nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/lib/client.h"

namespace plumb::client {

struct Reservation {
  std::string id;
  std::string board;
  std::string owner;
  std::string note;
  int64_t from_unix_ms = 0;
  int64_t until_unix_ms = 0;
};

struct ReservationRequest {
  std::vector<std::string> board;  // a name, or tags that it must all have; empty: any
  std::string note;
  std::chrono::milliseconds from{0};  // from now on
  std::chrono::milliseconds length{0};
  uint32_t count = 1;  // boards, at most 64: all of them or none
};

struct WaitingRun {
  uint64_t position = 0;  // 1: next
  uint64_t queued = 0;
  std::string reason;
};

struct AuditEntry {
  int64_t id = 0;
  int64_t at_unix_ms = 0;
  std::string actor;
  std::string action;
  std::string subject;
  std::string detail;
};

struct Token {
  std::string id;
  std::string name;
  std::string role;  // "viewer", "operator" or "admin"
  std::string pool;  // an expression of tags; empty: all boards
  int64_t made_unix_ms = 0;
  int64_t expires_unix_ms = 0;
  int64_t revoked_unix_ms = 0;  // 0: not
};

// PLUMB_OWNER, else the login's name: for whom boards are reserved and runs are counted where no
// certificate says who asks.
std::string DefaultOwner();

// One connection. Thread-safe; calls block. Errors as Client's.
class FarmClient {
 public:
  // `owner`: who asks, unless a certificate says so.
  static Result<std::unique_ptr<FarmClient>> Connect(const ClientOptions& options,
                                                     std::string owner);
  FarmClient(const FarmClient&) = delete;
  FarmClient& operator=(const FarmClient&) = delete;
  ~FarmClient();

  // Of kIdle (in service), kDraining and kQuarantined. kNotFound with board_not_found.
  Status SetBoardService(const std::string& board, BoardState state, const std::string& reason);
  // The run that was ended; empty when the board was free.
  Result<std::string> Kick(const std::string& board);

  // One for each board. kResourceExhausted with board_busy when not so many that fit are free of
  // reservations.
  Result<std::vector<Reservation>> Reserve(const ReservationRequest& request);
  // It ends `length` from now. kNotFound with reservation_not_found when it is over.
  Result<Reservation> Extend(const std::string& id, std::chrono::milliseconds length);
  // `force`: whoever has it.
  Status EndReservation(const std::string& id, bool force);
  Result<std::vector<Reservation>> Reservations();

  // kFailedPrecondition when it does not wait.
  Result<WaitingRun> Explain(const std::string& run_id);
  // Ascending from above `after`.
  Result<std::vector<AuditEntry>> Audit(int64_t after, uint32_t max_count);

  // A token with that name, role and pool, and what its holder shows: told this once.
  Result<std::pair<Token, std::string>> AddToken(const Token& wanted, std::chrono::hours life);
  Result<std::vector<Token>> Tokens();
  // kNotFound with token_not_found.
  Status RevokeToken(const std::string& id);

 private:
  class Impl;
  explicit FarmClient(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace plumb::client
