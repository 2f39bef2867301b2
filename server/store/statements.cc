#include "server/store/statements.h"

#include "common/base/text.h"

namespace plumb::store {
namespace {

// A run that has waited this long counts half as much as a new one of the same owner.
constexpr std::string_view kAgeingMs = "600000.0";

RunPhase PhaseFrom(std::string_view text) {
  if (text == RunPhaseName(RunPhase::kRunning)) {
    return RunPhase::kRunning;
  }
  return text == RunPhaseName(RunPhase::kFinished) ? RunPhase::kFinished : RunPhase::kQueued;
}

Status FreeBoard(Database& database, int64_t now, const RunRecord& run) {
  return database
      .Execute(
          "UPDATE boards SET run_id = NULL, preparing = 0, expires_ms = 0, released_ms = $1 "
          "WHERE name = $2 AND run_id = $3 AND epoch = $4",
          {now, run.board, run.id, static_cast<int64_t>(run.epoch)})
      .status();
}

}  // namespace

Sql& Sql::Matches(const TagExpression& expression) {
  std::vector<std::string> stack;
  for (const TagExpression::Node& node : expression.nodes()) {
    if (node.kind == TagExpression::Kind::kWord) {
      values_.emplace_back(node.word);
      const std::string word = "$" + std::to_string(values_.size());
      stack.emplace_back("(b.name = ");
      stack.back().append(word).append(
          " OR EXISTS (SELECT 1 FROM board_tags t WHERE t.board = b.name AND t.tag = ");
      stack.back().append(word).append("))");
      continue;
    }
    const std::string right = std::move(stack.back());
    stack.pop_back();
    if (node.kind == TagExpression::Kind::kNot) {
      stack.push_back("(NOT " + right + ")");
      continue;
    }
    const char* const joint = node.kind == TagExpression::Kind::kAnd ? " AND " : " OR ";
    stack.back().insert(0, "(").append(joint).append(right).append(")");
  }
  text_ += stack.empty() ? "(1 = 1)" : stack.back();
  return *this;
}

Result<int64_t> Now(Database& database) {
  PLUMB_ASSIGN_OR_RETURN(const SqlRows rows, database.Execute("SELECT plumb_now()"));
  return rows.empty() ? Result<int64_t>(InternalError("the store has no clock"))
                      : Result<int64_t>(rows.front().Integer(0));
}

Status WriteAudit(Database& database, const AuditEntry& entry) {
  return database
      .Execute(
          "INSERT INTO audit(at_ms, actor, action, subject, detail) "
          "VALUES($1, $2, $3, $4, $5)",
          {entry.at_ms, entry.actor, entry.action, entry.subject, entry.detail})
      .status();
}

RunRecord ReadRun(const SqlRow& row) {
  RunRecord run;
  run.id = row.Text(0);
  run.submission.client = row.Text(1);
  run.submission.key = row.Text(2);
  run.submission.owner = row.Text(3);
  run.submission.tags = row.Text(4);
  run.submission.request = row.Text(5);
  run.submission.priority = static_cast<int32_t>(row.Integer(6));
  run.submission.max_attempts = static_cast<uint32_t>(row.Integer(7));
  run.phase = PhaseFrom(row.Text(8));
  run.attempt = static_cast<uint32_t>(row.Integer(9));
  run.board = row.Text(10);
  run.server = row.Text(11);
  run.epoch = static_cast<uint64_t>(row.Integer(12));
  run.submitted_ms = row.Integer(13);
  run.started_ms = row.Integer(14);
  run.finished_ms = row.Integer(15);
  run.outcome = row.Text(16);
  run.result = row.Text(17);
  run.submission.id = run.id;
  if (const int64_t give_up = row.Integer(18); give_up > 0) {
    run.submission.patience = std::chrono::milliseconds(give_up - run.submitted_ms);
  }
  return run;
}

Result<RunRecord> LoadRun(Database& database, std::string_view run_id, bool lock) {
  const std::string statement = "SELECT " + std::string(kRunColumns) +
                                " FROM runs r WHERE r.id = $1" + (lock ? " {wait}" : "");
  PLUMB_ASSIGN_OR_RETURN(const SqlRows rows, database.Execute(statement, {std::string(run_id)}));
  if (rows.empty()) {
    return NotFoundError("there is no run '" + EscapeForDisplay(run_id) + "'")
        .WithReason("run_not_found")
        .WithHint("list them: plumb runs");
  }
  return ReadRun(rows.front());
}

Sql& NotReservedFor(Sql& sql, std::string_view owner, int64_t now) {
  sql.Add(" NOT EXISTS (SELECT 1 FROM reservations v WHERE v.board = b.name AND v.from_ms <= ");
  sql.Value(now).Add(" AND v.until_ms > ").Value(now);
  return sql.Add(" AND v.owner <> ").Value(std::string(owner)).Add(")");
}

std::string ScoreOf(std::string_view run, int64_t now) {
  const std::string r(run);
  return "((1 + (SELECT COUNT(*) FROM runs o WHERE o.phase = 'running' AND o.owner = " + r +
         ".owner)) * " + r + ".weight / (1 + (" + std::to_string(now) + " - " + r +
         ".submitted_ms) / " + std::string(kAgeingMs) + "))";
}

Status EndRun(Database& database,
              int64_t now,
              const RunRecord& run,
              std::string_view outcome,
              std::string_view result) {
  PLUMB_RETURN_IF_ERROR(
      database
          .Execute("UPDATE runs SET phase = 'finished', finished_ms = $1, outcome = $2, "
                   "result = $3 WHERE id = $4",
                   {now, std::string(outcome), std::string(result), run.id})
          .status());
  return FreeBoard(database, now, run);
}

Status RequeueRun(Database& database, int64_t now, const RunRecord& run) {
  PLUMB_RETURN_IF_ERROR(
      database.Execute("UPDATE runs SET phase = 'queued', started_ms = 0 WHERE id = $1", {run.id})
          .status());
  return FreeBoard(database, now, run);
}

Status CheckName(std::string_view what, std::string_view name) {
  if (!IsSafeName(name)) {
    return InvalidArgumentError(std::string(what) + " '" + EscapeForDisplay(name.substr(0, 255)) +
                                "' must have 1 to 255 bytes of UTF-8 without control characters");
  }
  return OkStatus();
}

Status CheckText(std::string_view what, std::string_view text) {
  if (text.size() > kMaxText || !IsValidUtf8(text) || text.find('\0') != std::string_view::npos) {
    return InvalidArgumentError(std::string(what) + " must be at most " + HumanBytes(kMaxText) +
                                " of UTF-8 without NUL");
  }
  return OkStatus();
}

}  // namespace plumb::store
