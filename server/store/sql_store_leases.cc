#include <algorithm>
#include <vector>

#include "common/base/text.h"
#include "server/store/sql_store.h"
#include "server/store/statements.h"

namespace plumb::store {
namespace {

// How many different tag expressions of waiting runs are looked at for one grant, oldest first.
constexpr int64_t kMaxExpressions = 256;
constexpr int64_t kReapAtOnce = 100;
constexpr std::chrono::hours kLongestLease{24};

Status CheckTimeToLive(std::chrono::milliseconds time_to_live) {
  if (time_to_live.count() <= 0 || time_to_live > kLongestLease) {
    return InvalidArgumentError("a lease lives longer than 0 and at most 24 hours");
  }
  return OkStatus();
}

Status LeaseLost(const Lease& lease) {
  return AbortedError("run '" + EscapeForDisplay(lease.run_id) + "' no longer has board '" +
                      EscapeForDisplay(lease.board) + "' (grant " + std::to_string(lease.epoch) +
                      ")")
      .WithReason("lease_lost");
}

// Appends: the board `b` is idle and `server` reaches it.
Sql& Idle(Sql& sql, std::string_view server, int64_t now) {
  return sql.Add(" b.run_id IS NULL AND b.service = 'in_service' AND b.server = ")
      .Value(std::string(server))
      .Add(" AND b.alive_until_ms > ")
      .Value(now);
}

// What decides whether a waiting run can be served: many runs share it.
struct Want {
  std::string tags;
  std::string owner;

  friend bool operator==(const Want&, const Want&) = default;
};

Result<bool> AnyIdle(Database& database, std::string_view server, int64_t now) {
  Sql sql("SELECT 1 FROM boards b WHERE");
  Idle(sql, server, now).Add(" LIMIT 1");
  PLUMB_ASSIGN_OR_RETURN(const SqlRows rows, sql.Run(database));
  return !rows.empty();
}

Result<bool> AnyIdle(Database& database, std::string_view server, int64_t now, const Want& want) {
  PLUMB_ASSIGN_OR_RETURN(const TagExpression tags, TagExpression::Parse(want.tags));
  Sql sql("SELECT 1 FROM boards b WHERE");
  Idle(sql, server, now).Add(" AND ").Matches(tags).Add(" AND");
  NotReservedFor(sql, want.owner, now).Add(" LIMIT 1");
  PLUMB_ASSIGN_OR_RETURN(const SqlRows rows, sql.Run(database));
  return !rows.empty();
}

// What waiting runs want for which there is an idle board.
Result<std::vector<Want>> Satisfiable(Database& database, std::string_view server, int64_t now) {
  std::vector<Want> found;
  PLUMB_ASSIGN_OR_RETURN(const bool any, AnyIdle(database, server, now));
  if (!any) {
    return found;
  }
  PLUMB_ASSIGN_OR_RETURN(
      const SqlRows rows,
      database.Execute("SELECT tags, owner FROM runs WHERE phase = 'queued' GROUP BY tags, owner "
                       "ORDER BY MIN(number) LIMIT $1",
                       {kMaxExpressions}));
  for (const SqlRow& row : rows) {
    Want want = {row.Text(0), row.Text(1)};
    PLUMB_ASSIGN_OR_RETURN(const bool idle, AnyIdle(database, server, now, want));
    if (idle) {
      found.push_back(std::move(want));
    }
  }
  return found;
}

Result<std::optional<RunRecord>> NextRun(Database& database,
                                         int64_t now,
                                         const std::vector<Want>& wants) {
  if (wants.empty()) {
    return std::optional<RunRecord>();
  }
  Sql sql("SELECT " + std::string(kRunColumns) +
          " FROM runs r WHERE r.phase = 'queued' AND (r.tags, r.owner) IN (VALUES ");
  for (size_t i = 0; i < wants.size(); ++i) {
    sql.Add(i == 0 ? "(" : ", (").Value(wants[i].tags).Add(", ").Value(wants[i].owner).Add(")");
  }
  sql.Add(") ORDER BY " + ScoreOf("r", now) + ", r.number LIMIT 1 {lock}");
  PLUMB_ASSIGN_OR_RETURN(const SqlRows rows, sql.Run(database));
  return rows.empty() ? std::optional<RunRecord>() : std::optional(ReadRun(rows.front()));
}

struct FreeBoard {
  std::string name;
  std::string instance;
};

// The one that has rested longest, so that all wear alike.
Result<std::optional<FreeBoard>> NextBoard(Database& database,
                                           std::string_view server,
                                           int64_t now,
                                           const Want& want) {
  PLUMB_ASSIGN_OR_RETURN(const TagExpression expression, TagExpression::Parse(want.tags));
  Sql sql("SELECT b.name, b.instance FROM boards b WHERE");
  Idle(sql, server, now).Add(" AND ").Matches(expression).Add(" AND");
  NotReservedFor(sql, want.owner, now);
  sql.Add(" ORDER BY b.released_ms, b.name LIMIT 1 {lock}");
  PLUMB_ASSIGN_OR_RETURN(const SqlRows rows, sql.Run(database));
  if (rows.empty()) {
    return std::optional<FreeBoard>();
  }
  return std::optional(FreeBoard{rows.front().Text(0), rows.front().Text(1)});
}

// Who claims, and when the grant begins and ends.
struct Claimer {
  std::string server;
  int64_t now = 0;
  int64_t expires = 0;
};

Result<Grant> Give(Database& database,
                   const Claimer& claimer,
                   const RunRecord& run,
                   const FreeBoard& board) {
  PLUMB_ASSIGN_OR_RETURN(
      const SqlRows rows,
      database.Execute("UPDATE boards SET run_id = $1, preparing = 1, epoch = epoch + 1, "
                       "expires_ms = $2 WHERE name = $3 RETURNING epoch",
                       {run.id, claimer.expires, board.name}));
  if (rows.empty()) {
    return AbortedError("the board went away");
  }
  const int64_t epoch = rows.front().Integer(0);
  PLUMB_RETURN_IF_ERROR(
      database
          .Execute("UPDATE runs SET phase = 'running', attempt = attempt + 1, board = $1, "
                   "server = $2, epoch = $3, started_ms = $4 WHERE id = $5",
                   {board.name, claimer.server, epoch, claimer.now, run.id})
          .status());
  PLUMB_RETURN_IF_ERROR(WriteAudit(database,
                                   {0,
                                    claimer.now,
                                    claimer.server,
                                    "grant",
                                    board.name,
                                    run.id + " grant " + std::to_string(epoch)}));
  Grant grant;
  grant.lease = {run.id, board.name, static_cast<uint64_t>(epoch)};
  grant.instance = board.instance;
  grant.run = run;
  grant.run.phase = RunPhase::kRunning;
  ++grant.run.attempt;
  grant.run.board = board.name;
  grant.run.server = claimer.server;
  grant.run.epoch = static_cast<uint64_t>(epoch);
  grant.run.started_ms = claimer.now;
  return grant;
}

// The run of a lease that is still the board's; kAborted with lease_lost otherwise.
Result<RunRecord> Held(Database& database, const Lease& lease) {
  Result<RunRecord> run = LoadRun(database, lease.run_id, true);
  if (!run.ok()) {
    return run.status().code() == StatusCode::kNotFound ? LeaseLost(lease) : run.status();
  }
  if (run->phase != RunPhase::kRunning || run->board != lease.board || run->epoch != lease.epoch) {
    return LeaseLost(lease);
  }
  return run;
}

// "match grant 3": what was done, and by which grant.
std::string GrantText(const Lease& lease, std::string_view what) {
  return std::string(what) + " grant " + std::to_string(lease.epoch);
}

// What Finish is asked to do was done before.
bool AlreadyDone(const RunRecord& run,
                 const Lease& lease,
                 std::string_view outcome,
                 std::string_view result) {
  return run.phase == RunPhase::kFinished && run.board == lease.board && run.epoch == lease.epoch &&
         run.outcome == outcome && run.result == result;
}

// Who ends a start before its time, how the audit calls it, and the outcome if it was the last.
struct Ending {
  std::string actor;
  std::string action;
  std::string outcome;
};

Result<bool> RequeueOrEnd(Database& database,
                          int64_t now,
                          const RunRecord& run,
                          const Ending& ending) {
  const bool again = run.attempt < run.submission.max_attempts;
  PLUMB_RETURN_IF_ERROR(again ? RequeueRun(database, now, run)
                              : EndRun(database, now, run, ending.outcome, ""));
  PLUMB_RETURN_IF_ERROR(WriteAudit(
      database,
      {0,
       now,
       ending.actor,
       ending.action,
       run.board,
       GrantText({run.id, run.board, run.epoch}, run.id + (again ? " waits again" : " is over"))}));
  return again;
}

// Locks the run and then its board, as everybody does, and looks again: another server may have
// been faster, or the holder renewed in time. Empty in both cases.
Result<std::optional<RunRecord>> StillExpired(Database& database, int64_t now, const Lease& lease) {
  Result<RunRecord> run = Held(database, lease);
  if (!run.ok()) {
    return run.status().reason() == "lease_lost" ? Result<std::optional<RunRecord>>(std::nullopt)
                                                 : run.status();
  }
  PLUMB_ASSIGN_OR_RETURN(
      const SqlRows rows,
      database.Execute("SELECT name FROM boards WHERE name = $1 AND run_id = $2 AND epoch = $3 "
                       "AND expires_ms <= $4 {wait}",
                       {lease.board, lease.run_id, static_cast<int64_t>(lease.epoch), now}));
  return rows.empty() ? std::optional<RunRecord>() : std::optional(std::move(run).value());
}

// Ends runs that no board took in time.
Status EndImpatient(Database& database, int64_t now, std::vector<Expired>* expired) {
  PLUMB_ASSIGN_OR_RETURN(
      const SqlRows rows,
      database.Execute("SELECT " + std::string(kRunColumns) +
                           " FROM runs r WHERE r.phase = 'queued' AND r.give_up_ms > 0 AND "
                           "r.give_up_ms <= $1 ORDER BY r.give_up_ms LIMIT $2 {lock}",
                       {now, kReapAtOnce}));
  for (const SqlRow& row : rows) {
    const RunRecord run = ReadRun(row);
    PLUMB_RETURN_IF_ERROR(EndRun(database, now, run, "no_board", ""));
    PLUMB_RETURN_IF_ERROR(
        WriteAudit(database, {0, now, "store", "give_up", run.id, "no board came free in time"}));
    expired->push_back({{run.id, "", 0}, false});
  }
  return OkStatus();
}

Status ForgetReservations(Database& database, int64_t now) {
  PLUMB_ASSIGN_OR_RETURN(
      const SqlRows rows,
      database.Execute("DELETE FROM reservations WHERE until_ms <= $1 RETURNING id, board", {now}));
  for (const SqlRow& row : rows) {
    PLUMB_RETURN_IF_ERROR(
        WriteAudit(database, {0, now, "store", "reservation_over", row.Text(1), row.Text(0)}));
  }
  return OkStatus();
}

// Appends to `lost` the leases of `part` that are no longer their board's.
Status RenewPart(Database& database,
                 int64_t expires,
                 std::span<const Lease> part,
                 std::vector<Lease>* lost) {
  Sql sql("UPDATE boards SET expires_ms = ");
  sql.Value(expires).Add(" WHERE (name, epoch, run_id) IN (VALUES ");
  for (size_t i = 0; i < part.size(); ++i) {
    sql.Add(i == 0 ? "(" : ", (").Value(part[i].board).Add(", ");
    sql.Value(static_cast<int64_t>(part[i].epoch)).Add(", ").Value(part[i].run_id).Add(")");
  }
  PLUMB_ASSIGN_OR_RETURN(const SqlRows rows,
                         sql.Add(") RETURNING name, epoch, run_id").Run(database));
  std::vector<Lease> renewed;
  for (const SqlRow& row : rows) {
    renewed.push_back({row.Text(2), row.Text(0), static_cast<uint64_t>(row.Integer(1))});
  }
  const auto before = [](const Lease& a, const Lease& b) { return a.board < b.board; };
  std::sort(renewed.begin(), renewed.end(), before);
  for (const Lease& lease : part) {
    const auto found = std::lower_bound(renewed.begin(), renewed.end(), lease, before);
    if (found == renewed.end() || !(*found == lease)) {
      lost->push_back(lease);
    }
  }
  return OkStatus();
}

}  // namespace

Result<std::vector<Grant>> SqlStore::ClaimSome(std::string_view server,
                                               std::chrono::milliseconds time_to_live,
                                               size_t max_count) {
  PLUMB_RETURN_IF_ERROR(CheckTimeToLive(time_to_live));
  using Grants = std::vector<Grant>;
  return Transact<Grants>([&](Database& database) -> Result<Grants> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    PLUMB_ASSIGN_OR_RETURN(auto wants, Satisfiable(database, server, now));
    Grants grants;
    while (!wants.empty() && grants.size() < max_count) {
      PLUMB_ASSIGN_OR_RETURN(const auto run, NextRun(database, now, wants));
      if (!run) {
        break;
      }
      const Want want = {run->submission.tags, run->submission.owner};
      PLUMB_ASSIGN_OR_RETURN(const auto board, NextBoard(database, server, now, want));
      if (!board) {
        // The last one is gone, to us or to another claim.
        std::erase(wants, want);
        continue;
      }
      PLUMB_ASSIGN_OR_RETURN(
          Grant grant,
          Give(database, {std::string(server), now, now + time_to_live.count()}, *run, *board));
      grants.push_back(std::move(grant));
    }
    return grants;
  });
}

Status SqlStore::Begin(const Lease& lease) {
  return pool_.Transaction([&](Database& database) -> Status {
    PLUMB_ASSIGN_OR_RETURN(
        const SqlRows rows,
        database.Execute("UPDATE boards SET preparing = 0 WHERE name = $1 AND run_id = $2 "
                         "AND epoch = $3 RETURNING name",
                         {lease.board, lease.run_id, static_cast<int64_t>(lease.epoch)}));
    return rows.empty() ? LeaseLost(lease) : OkStatus();
  });
}

Result<std::vector<Lease>> SqlStore::Renew(std::span<const Lease> leases,
                                           std::chrono::milliseconds time_to_live) {
  PLUMB_RETURN_IF_ERROR(CheckTimeToLive(time_to_live));
  constexpr size_t kAtOnce = 500;
  return Transact<std::vector<Lease>>([&](Database& database) -> Result<std::vector<Lease>> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    std::vector<Lease> lost;
    for (size_t first = 0; first < leases.size(); first += kAtOnce) {
      PLUMB_RETURN_IF_ERROR(
          RenewPart(database,
                    now + time_to_live.count(),
                    leases.subspan(first, std::min(kAtOnce, leases.size() - first)),
                    &lost));
    }
    return lost;
  });
}

Status SqlStore::Finish(const Lease& lease, std::string_view outcome, std::string_view result) {
  PLUMB_RETURN_IF_ERROR(CheckName("the outcome", outcome));
  PLUMB_RETURN_IF_ERROR(CheckText("the result", result));
  return pool_.Transaction([&](Database& database) -> Status {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    Result<RunRecord> run = Held(database, lease);
    if (!run.ok()) {
      const Result<RunRecord> known = LoadRun(database, lease.run_id, false);
      return known.ok() && AlreadyDone(*known, lease, outcome, result) ? OkStatus() : run.status();
    }
    PLUMB_RETURN_IF_ERROR(EndRun(database, now, *run, outcome, result));
    return WriteAudit(database,
                      {0, now, run->server, "finish", run->id, GrantText(lease, outcome)});
  });
}

Result<bool> SqlStore::GiveBack(const Lease& lease, std::string_view outcome, bool started) {
  PLUMB_RETURN_IF_ERROR(CheckName("the outcome", outcome));
  return Transact<bool>([&](Database& database) -> Result<bool> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    PLUMB_ASSIGN_OR_RETURN(RunRecord run, Held(database, lease));
    if (!started) {
      --run.attempt;
      PLUMB_RETURN_IF_ERROR(
          database.Execute("UPDATE runs SET attempt = attempt - 1 WHERE id = $1", {run.id})
              .status());
    }
    return RequeueOrEnd(database, now, run, {run.server, "give_back", std::string(outcome)});
  });
}

Result<std::vector<Expired>> SqlStore::Reap() {
  return Transact<std::vector<Expired>>([&](Database& database) -> Result<std::vector<Expired>> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    PLUMB_ASSIGN_OR_RETURN(
        const SqlRows rows,
        database.Execute("SELECT run_id, name, epoch FROM boards WHERE run_id IS NOT NULL "
                         "AND expires_ms <= $1 ORDER BY expires_ms, name LIMIT $2",
                         {now, kReapAtOnce}));
    std::vector<Expired> expired;
    PLUMB_RETURN_IF_ERROR(EndImpatient(database, now, &expired));
    PLUMB_RETURN_IF_ERROR(ForgetReservations(database, now));
    for (const SqlRow& row : rows) {
      const Lease lease = {row.Text(0), row.Text(1), static_cast<uint64_t>(row.Integer(2))};
      PLUMB_ASSIGN_OR_RETURN(const auto run, StillExpired(database, now, lease));
      if (run) {
        PLUMB_ASSIGN_OR_RETURN(
            const bool again,
            RequeueOrEnd(database, now, *run, {"store", "expire", "lease_expired"}));
        expired.push_back({lease, again});
      }
    }
    return expired;
  });
}

}  // namespace plumb::store
