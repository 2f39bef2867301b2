// What the statements of the store have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "server/store/database.h"
#include "server/store/records.h"
#include "server/store/tag_expression.h"

namespace plumb::store {

// The longest opaque text of a request, result or description.
constexpr size_t kMaxText = size_t{1} << 20U;

// A statement under construction and its values.
class Sql {
 public:
  explicit Sql(std::string text) : text_(std::move(text)) {}

  Sql& Add(std::string_view text) {
    text_ += text;
    return *this;
  }

  // Appends "$n" for a value.
  Sql& Value(SqlValue value) {
    values_.push_back(std::move(value));
    text_ += "$" + std::to_string(values_.size());
    return *this;
  }

  // Appends a condition on the board `b`: it matches.
  Sql& Matches(const TagExpression& expression);

  Result<SqlRows> Run(Database& database) const { return database.Execute(text_, values_); }

 private:
  std::string text_;
  std::vector<SqlValue> values_;
};

Result<int64_t> Now(Database& database);
// Its `id` is the engine's.
Status WriteAudit(Database& database, const AuditEntry& entry);

// Columns of `runs r`, and the record in a row that begins with them.
constexpr std::string_view kRunColumns =
    "r.id, r.client, r.request_key, r.owner, r.tags, r.request, r.priority, r.max_attempts, "
    "r.phase, r.attempt, r.board, r.server, r.epoch, r.submitted_ms, r.started_ms, r.finished_ms, "
    "r.outcome, r.result, r.give_up_ms";
RunRecord ReadRun(const SqlRow& row);
// kNotFound with run_not_found. Locks the row until the transaction ends if `lock`.
Result<RunRecord> LoadRun(Database& database, std::string_view run_id, bool lock);

// Appends a condition on the board `b`: nobody but `owner` has it reserved at `now`.
Sql& NotReservedFor(Sql& sql, std::string_view owner, int64_t now);

// Smaller goes first: how many runs the owner has, times the weight of the priority, over age.
// `now` is put in as a number: it is ours.
std::string ScoreOf(std::string_view run, int64_t now);

// Counts by state the boards that match, and says it in words; `owner`: for whom, so that others'
// reservations count as what they are. Empty: for nobody in particular.
Result<Waiting> CountMatching(Database& database,
                              int64_t now,
                              std::string_view tags,
                              std::string_view owner = "");

// Ends a run: `phase` finished. The board of its lease, if it still has it, is free.
Status EndRun(Database& database,
              int64_t now,
              const RunRecord& run,
              std::string_view outcome,
              std::string_view result);
// Back into the queue at its old place; the board is free.
Status RequeueRun(Database& database, int64_t now, const RunRecord& run);

// kInvalidArgument unless the text is a name (1…255 bytes, no control characters).
Status CheckName(std::string_view what, std::string_view name);
// kInvalidArgument unless the text is at most kMaxText of UTF-8 without NUL.
Status CheckText(std::string_view what, std::string_view text);

}  // namespace plumb::store
