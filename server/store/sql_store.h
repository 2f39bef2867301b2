// The Store written in the SQL that both engines understand.
#pragma once

#include <memory>

#include "server/store/database.h"
#include "server/store/store.h"

namespace plumb::store {

// The tables must have been migrated on one of the connections.
class SqlStore : public Store {
 public:
  explicit SqlStore(std::vector<std::unique_ptr<Database>> connections)
      : pool_(std::move(connections)) {}

  Status Announce(const BoardAnnouncement& board) override;
  Status See(std::string_view server,
             std::span<const std::string> boards,
             std::chrono::milliseconds alive) override;
  Status Leave(std::string_view board, std::string_view instance) override;
  Result<std::vector<BoardRecord>> Boards() override;
  Status SetService(std::string_view board,
                    Service service,
                    std::string_view reason,
                    std::string_view actor) override;

  Result<std::string> Submit(const Submission& submission) override;
  Result<RunRecord> Find(std::string_view run_id) override;
  Result<std::vector<RunRecord>> Runs(size_t max_count) override;
  Result<std::vector<RunRecord>> Unfinished() override;
  Result<Waiting> Explain(std::string_view run_id) override;
  Result<Waiting> Match(std::string_view tags) override;
  Result<std::vector<RunRecord>> FindAll(std::span<const std::string> run_ids) override;
  Result<RunRecord> Cancel(std::string_view run_id,
                           std::string_view actor,
                           std::string_view outcome) override;

  Result<std::vector<Grant>> ClaimSome(std::string_view server,
                                       std::chrono::milliseconds time_to_live,
                                       size_t max_count) override;
  Status Begin(const Lease& lease) override;
  Result<std::vector<Lease>> Renew(std::span<const Lease> leases,
                                   std::chrono::milliseconds time_to_live) override;
  Status Finish(const Lease& lease, std::string_view outcome, std::string_view result) override;
  Result<bool> GiveBack(const Lease& lease, std::string_view outcome, bool started) override;
  Result<std::optional<Lease>> Kick(std::string_view board, std::string_view actor) override;
  Result<std::vector<Expired>> Reap() override;

  Result<std::vector<Reservation>> Reserve(const ReservationRequest& request) override;
  Result<Reservation> Extend(std::string_view id,
                             std::string_view owner,
                             std::chrono::milliseconds length) override;
  Status EndReservation(std::string_view id,
                        std::string_view owner,
                        std::string_view actor) override;
  Result<std::vector<Reservation>> Reservations() override;

  Result<Token> AddToken(const Token& token,
                         std::chrono::hours life,
                         std::string_view actor) override;
  Result<std::pair<Token, int64_t>> FindToken(std::string_view id) override;
  Status RevokeToken(std::string_view id, std::string_view actor) override;
  Result<std::vector<Token>> Tokens() override;

  Result<std::string> FarmId() override;

  Status Audit(std::string_view actor,
               std::string_view action,
               std::string_view subject,
               std::string_view detail) override;
  Result<std::vector<AuditEntry>> AuditTrail(int64_t after, size_t max_count) override;

 private:
  // As DatabasePool::Transaction, for bodies with a result.
  template <class T, class Body>
  Result<T> Transact(const Body& body) {
    std::optional<T> value;
    PLUMB_RETURN_IF_ERROR(pool_.Transaction([&](Database& database) -> Status {
      Result<T> result = body(database);
      if (!result.ok()) {
        return result.status();
      }
      value = std::move(result).value();
      return OkStatus();
    }));
    return std::move(*value);
  }

  DatabasePool pool_;
};

}  // namespace plumb::store
