#include <algorithm>
#include <array>
#include <ctime>

#include "common/base/ids.h"
#include "common/base/portable_math.h"
#include "common/base/text.h"
#include "server/store/sql_store.h"
#include "server/store/statements.h"

namespace plumb::store {
namespace {

constexpr int32_t kHighestPriority = 1000;
constexpr uint32_t kMostAttempts = 100;

Status CheckSubmission(const Submission& submission) {
  PLUMB_RETURN_IF_ERROR(CheckName("the client", submission.client));
  PLUMB_RETURN_IF_ERROR(CheckName("the request's key", submission.key));
  PLUMB_RETURN_IF_ERROR(CheckName("the owner", submission.owner));
  PLUMB_RETURN_IF_ERROR(CheckText("the request", submission.request));
  PLUMB_RETURN_IF_ERROR(TagExpression::Parse(submission.tags).status());
  if (submission.priority < -kHighestPriority || submission.priority > kHighestPriority) {
    return InvalidArgumentError("the priority must be between -1000 and 1000");
  }
  if (submission.max_attempts < 1 || submission.max_attempts > kMostAttempts) {
    return InvalidArgumentError("a run has between 1 and 100 attempts");
  }
  return OkStatus();
}

// 100 of priority halve what a run weighs.
double WeightOf(int32_t priority) {
  return PortablePow(2, -static_cast<double>(priority) / 100.0);
}

bool SameContent(const Submission& a, const Submission& b) {
  return a.owner == b.owner && a.tags == b.tags && a.request == b.request &&
         a.priority == b.priority && a.max_attempts == b.max_attempts;
}

Result<std::string> FindSubmitted(Database& database, const Submission& submission) {
  PLUMB_ASSIGN_OR_RETURN(const SqlRows rows,
                         database.Execute("SELECT " + std::string(kRunColumns) +
                                              " FROM runs r WHERE r.client = $1 "
                                              "AND r.request_key = $2",
                                          {submission.client, submission.key}));
  if (rows.empty()) {
    return AbortedError("a run with the same key went away");
  }
  const RunRecord run = ReadRun(rows.front());
  if (!SameContent(run.submission, submission)) {
    return AlreadyExistsError("the key '" + EscapeForDisplay(submission.key) +
                              "' was used for another request")
        .WithHint("draw a new key for each request; use one again only to repeat it");
  }
  return run.id;
}

Result<bool> Insert(Database& database,
                    int64_t now,
                    const std::string& id,
                    const Submission& submission) {
  PLUMB_ASSIGN_OR_RETURN(
      const SqlRows rows,
      database.Execute(
          "INSERT INTO runs(id, client, request_key, owner, tags, request, priority, weight, "
          "max_attempts, phase, attempt, board, server, epoch, submitted_ms, started_ms, "
          "finished_ms, outcome, result) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', 0, "
          "'', '', 0, $10, 0, 0, '', '') ON CONFLICT(client, request_key) DO NOTHING RETURNING id",
          {id,
           submission.client,
           submission.key,
           submission.owner,
           submission.tags,
           submission.request,
           int64_t{submission.priority},
           WeightOf(submission.priority),
           int64_t{submission.max_attempts},
           now}));
  return !rows.empty();
}

// "2026-11-22 08:15:00" UTC.
std::string TimeText(int64_t ms) {
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return {text.data(), size};
}

constexpr std::string_view kStateOfBoard =
    "CASE WHEN b.run_id IS NOT NULL AND b.preparing = 1 THEN 'preparing' "
    "WHEN b.run_id IS NOT NULL THEN 'leased' WHEN b.service <> 'in_service' THEN b.service "
    "WHEN b.alive_until_ms <= ";

Status CountBoards(Database& database, int64_t now, const TagExpression& tags, Waiting* waiting) {
  Sql sql("SELECT state, COUNT(*) FROM (SELECT " + std::string(kStateOfBoard));
  sql.Value(now).Add(" THEN 'offline' ELSE 'idle' END AS state FROM boards b WHERE ");
  sql.Matches(tags).Add(") AS states GROUP BY state");
  PLUMB_ASSIGN_OR_RETURN(const SqlRows rows, sql.Run(database));
  const std::array<std::pair<std::string_view, uint64_t*>, 6> counts = {
      {{"leased", &waiting->leased},
       {"preparing", &waiting->preparing},
       {"quarantined", &waiting->quarantined},
       {"draining", &waiting->draining},
       {"offline", &waiting->offline},
       {"idle", &waiting->idle}}};
  for (const SqlRow& row : rows) {
    for (const auto& [state, count] : counts) {
      if (row.Text(0) == state) {
        *count = static_cast<uint64_t>(row.Integer(1));
      }
    }
  }
  return OkStatus();
}

// " since 2026-11-20 08:00:00 (hung)" of the board that is out of service the longest.
Result<std::string> LongestOut(Database& database, const TagExpression& tags, Service service) {
  Sql sql("SELECT b.since_ms, b.reason FROM boards b WHERE b.run_id IS NULL AND b.service = ");
  sql.Value(std::string(ServiceName(service))).Add(" AND ").Matches(tags);
  PLUMB_ASSIGN_OR_RETURN(const SqlRows rows, sql.Add(" ORDER BY b.since_ms LIMIT 1").Run(database));
  if (rows.empty()) {
    return std::string();
  }
  const std::string reason = rows.front().Text(1);
  return " since " + TimeText(rows.front().Integer(0)) +
         (reason.empty() ? "" : " (" + EscapeForDisplay(reason) + ")");
}

Status DescribeWaiting(Database& database,
                       const RunRecord& run,
                       const TagExpression& tags,
                       Waiting* waiting) {
  const uint64_t matching = waiting->leased + waiting->preparing + waiting->quarantined +
                            waiting->draining + waiting->offline + waiting->idle;
  if (matching == 0) {
    waiting->reason = run.submission.tags.empty()
                          ? "there are no boards"
                          : "no board matches '" + EscapeForDisplay(run.submission.tags) + "'";
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const std::string quarantined,
                         LongestOut(database, tags, Service::kQuarantined));
  PLUMB_ASSIGN_OR_RETURN(const std::string draining,
                         LongestOut(database, tags, Service::kDraining));
  std::vector<std::string> parts;
  const auto add = [&](uint64_t count, std::string_view state, const std::string& more) {
    if (count > 0) {
      parts.push_back(std::to_string(count) + " " + std::string(state) + more);
    }
  };
  add(waiting->leased, "leased", "");
  add(waiting->preparing, "preparing", "");
  add(waiting->quarantined, "quarantined", quarantined);
  add(waiting->draining, "draining", draining);
  add(waiting->offline, "offline", "");
  add(waiting->idle, "idle", "");
  waiting->reason = std::to_string(matching) +
                    (matching == 1 ? " board matches: " : " boards match: ") + Join(parts, ", ");
  return OkStatus();
}

Status CountQueue(Database& database, int64_t now, const RunRecord& run, Waiting* waiting) {
  PLUMB_ASSIGN_OR_RETURN(const SqlRows rows,
                         database.Execute("SELECT COUNT(*), SUM(CASE WHEN (" + ScoreOf("r", now) +
                                              ", r.number) < (" + ScoreOf("m", now) +
                                              ", m.number) THEN 1 ELSE 0 END) FROM runs r, runs m "
                                              "WHERE r.phase = 'queued' AND m.id = $1",
                                          {run.id}));
  if (!rows.empty()) {
    waiting->queued = static_cast<uint64_t>(rows.front().Integer(0));
    waiting->position = static_cast<uint64_t>(rows.front().Integer(1)) + 1;
  }
  return OkStatus();
}

}  // namespace

Result<std::string> SqlStore::Submit(const Submission& submission) {
  PLUMB_RETURN_IF_ERROR(CheckSubmission(submission));
  return Transact<std::string>([&](Database& database) -> Result<std::string> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    const std::string id = RandomId();
    PLUMB_ASSIGN_OR_RETURN(const bool inserted, Insert(database, now, id, submission));
    if (!inserted) {
      return FindSubmitted(database, submission);
    }
    PLUMB_RETURN_IF_ERROR(
        WriteAudit(database, {0, now, submission.owner, "submit", id, submission.tags}));
    return id;
  });
}

Result<RunRecord> SqlStore::Find(std::string_view run_id) {
  return Transact<RunRecord>([&](Database& database) { return LoadRun(database, run_id, false); });
}

Result<std::vector<RunRecord>> SqlStore::Runs(size_t max_count) {
  using Records = std::vector<RunRecord>;
  return Transact<Records>([&](Database& database) -> Result<Records> {
    PLUMB_ASSIGN_OR_RETURN(
        const SqlRows rows,
        database.Execute(
            "SELECT " + std::string(kRunColumns) + " FROM runs r ORDER BY r.number DESC LIMIT $1",
            {static_cast<int64_t>(std::min<size_t>(max_count, 10'000))}));
    Records runs;
    for (const SqlRow& row : rows) {
      runs.push_back(ReadRun(row));
    }
    return runs;
  });
}

Result<Waiting> SqlStore::Explain(std::string_view run_id) {
  return Transact<Waiting>([&](Database& database) -> Result<Waiting> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    PLUMB_ASSIGN_OR_RETURN(const RunRecord run, LoadRun(database, run_id, false));
    if (run.phase != RunPhase::kQueued) {
      return FailedPreconditionError("run '" + run.id + "' does not wait: it is " +
                                     std::string(RunPhaseName(run.phase)));
    }
    PLUMB_ASSIGN_OR_RETURN(const TagExpression tags, TagExpression::Parse(run.submission.tags));
    Waiting waiting;
    PLUMB_RETURN_IF_ERROR(CountQueue(database, now, run, &waiting));
    PLUMB_RETURN_IF_ERROR(CountBoards(database, now, tags, &waiting));
    PLUMB_RETURN_IF_ERROR(DescribeWaiting(database, run, tags, &waiting));
    return waiting;
  });
}

Result<RunRecord> SqlStore::Cancel(std::string_view run_id, std::string_view actor) {
  return Transact<RunRecord>([&](Database& database) -> Result<RunRecord> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    PLUMB_ASSIGN_OR_RETURN(const RunRecord run, LoadRun(database, run_id, true));
    if (run.phase == RunPhase::kFinished) {
      return run;
    }
    PLUMB_RETURN_IF_ERROR(EndRun(database, now, run, "cancelled", ""));
    PLUMB_RETURN_IF_ERROR(
        WriteAudit(database, {0, now, std::string(actor), "cancel", run.id, run.board}));
    return LoadRun(database, run_id, false);
  });
}

Status SqlStore::Audit(std::string_view actor,
                       std::string_view action,
                       std::string_view subject,
                       std::string_view detail) {
  PLUMB_RETURN_IF_ERROR(CheckName("the actor", actor));
  PLUMB_RETURN_IF_ERROR(CheckName("the action", action));
  PLUMB_RETURN_IF_ERROR(CheckText("the subject", subject));
  PLUMB_RETURN_IF_ERROR(CheckText("the detail", detail));
  return pool_.Transaction([&](Database& database) -> Status {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    return WriteAudit(database,
                      {0,
                       now,
                       std::string(actor),
                       std::string(action),
                       std::string(subject),
                       std::string(detail)});
  });
}

Result<std::vector<AuditEntry>> SqlStore::AuditTrail(int64_t after, size_t max_count) {
  using Entries = std::vector<AuditEntry>;
  return Transact<Entries>([&](Database& database) -> Result<Entries> {
    PLUMB_ASSIGN_OR_RETURN(
        const SqlRows rows,
        database.Execute("SELECT id, at_ms, actor, action, subject, detail FROM audit "
                         "WHERE id > $1 ORDER BY id LIMIT $2",
                         {after, static_cast<int64_t>(std::min<size_t>(max_count, 10'000))}));
    Entries entries;
    for (const SqlRow& row : rows) {
      entries.push_back(
          {row.Integer(0), row.Integer(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5)});
    }
    return entries;
  });
}

}  // namespace plumb::store
