#include <algorithm>

#include "common/base/ids.h"
#include "common/base/portable_math.h"
#include "common/base/text.h"
#include "server/store/sql_store.h"
#include "server/store/statements.h"

namespace plumb::store {
namespace {

constexpr int32_t kHighestPriority = 1000;
constexpr uint32_t kMostAttempts = 100;
constexpr std::chrono::hours kLongestPatience{24 * 31};

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
  if (submission.patience.count() < 0 || submission.patience > kLongestPatience) {
    return InvalidArgumentError("a run waits at most 31 days");
  }
  if (!submission.id.empty()) {
    PLUMB_RETURN_IF_ERROR(CheckName("the run's id", submission.id));
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
          "finished_ms, outcome, result, give_up_ms) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, "
          "'queued', 0, '', '', 0, $10, 0, 0, '', '', $11) ON CONFLICT(client, request_key) DO "
          "NOTHING RETURNING id",
          {id,
           submission.client,
           submission.key,
           submission.owner,
           submission.tags,
           submission.request,
           int64_t{submission.priority},
           WeightOf(submission.priority),
           int64_t{submission.max_attempts},
           now,
           submission.patience.count() > 0 ? now + submission.patience.count() : 0}));
  return !rows.empty();
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
    const std::string id = submission.id.empty() ? RandomId() : submission.id;
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

Result<std::vector<RunRecord>> SqlStore::Unfinished() {
  using Records = std::vector<RunRecord>;
  return Transact<Records>([&](Database& database) -> Result<Records> {
    PLUMB_ASSIGN_OR_RETURN(const SqlRows rows,
                           database.Execute("SELECT " + std::string(kRunColumns) +
                                                " FROM runs r WHERE r.phase = 'queued' OR "
                                                "r.phase = 'running' ORDER BY r.number",
                                            {}));
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
    PLUMB_ASSIGN_OR_RETURN(Waiting waiting,
                           CountMatching(database, now, run.submission.tags, run.submission.owner));
    PLUMB_RETURN_IF_ERROR(CountQueue(database, now, run, &waiting));
    return waiting;
  });
}

Result<Waiting> SqlStore::Match(std::string_view tags) {
  return Transact<Waiting>([&](Database& database) -> Result<Waiting> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    return CountMatching(database, now, tags);
  });
}

Result<std::vector<RunRecord>> SqlStore::FindAll(std::span<const std::string> run_ids) {
  using Records = std::vector<RunRecord>;
  constexpr size_t kAtOnce = 1000;
  return Transact<Records>([&](Database& database) -> Result<Records> {
    Records runs;
    if (run_ids.empty()) {
      return runs;
    }
    Sql sql("SELECT " + std::string(kRunColumns) + " FROM runs r WHERE r.id IN (");
    for (size_t i = 0; i < std::min(run_ids.size(), kAtOnce); ++i) {
      sql.Add(i == 0 ? "" : ", ").Value(run_ids[i]);
    }
    PLUMB_ASSIGN_OR_RETURN(const SqlRows rows, sql.Add(")").Run(database));
    for (const SqlRow& row : rows) {
      runs.push_back(ReadRun(row));
    }
    return runs;
  });
}

Result<RunRecord> SqlStore::Cancel(std::string_view run_id,
                                   std::string_view actor,
                                   std::string_view outcome) {
  PLUMB_RETURN_IF_ERROR(CheckName("the outcome", outcome));
  return Transact<RunRecord>([&](Database& database) -> Result<RunRecord> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    PLUMB_ASSIGN_OR_RETURN(const RunRecord run, LoadRun(database, run_id, true));
    if (run.phase == RunPhase::kFinished) {
      return run;
    }
    PLUMB_RETURN_IF_ERROR(EndRun(database, now, run, outcome, ""));
    PLUMB_RETURN_IF_ERROR(
        WriteAudit(database, {0, now, std::string(actor), "cancel", run.id, std::string(outcome)}));
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
