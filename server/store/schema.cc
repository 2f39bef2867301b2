#include "server/store/schema.h"

#include <array>
#include <vector>

#include "common/base/ids.h"

namespace plumb::store {
namespace {

// Step i leads to version i + 1. Steps that a release contained never change.
const std::vector<std::vector<std::string_view>>& Steps() {
  static const std::vector<std::vector<std::string_view>> steps = {
      {R"sql(CREATE TABLE boards(
               name TEXT PRIMARY KEY,
               server TEXT NOT NULL,
               instance TEXT NOT NULL,
               description TEXT NOT NULL,
               service TEXT NOT NULL,
               reason TEXT NOT NULL,
               since_ms BIGINT NOT NULL,
               seen_ms BIGINT NOT NULL,
               alive_until_ms BIGINT NOT NULL,
               run_id TEXT,
               preparing BIGINT NOT NULL,
               epoch BIGINT NOT NULL,
               expires_ms BIGINT NOT NULL,
               released_ms BIGINT NOT NULL))sql",
       "CREATE INDEX boards_free ON boards(server, released_ms) WHERE run_id IS NULL",
       "CREATE INDEX boards_leased ON boards(expires_ms) WHERE run_id IS NOT NULL",
       R"sql(CREATE TABLE board_tags(
               board TEXT NOT NULL REFERENCES boards(name) ON DELETE CASCADE,
               tag TEXT NOT NULL,
               PRIMARY KEY(board, tag)))sql",
       R"sql(CREATE TABLE runs(
               number {serial},
               id TEXT NOT NULL UNIQUE,
               client TEXT NOT NULL,
               request_key TEXT NOT NULL,
               owner TEXT NOT NULL,
               tags TEXT NOT NULL,
               request TEXT NOT NULL,
               priority BIGINT NOT NULL,
               weight DOUBLE PRECISION NOT NULL,
               max_attempts BIGINT NOT NULL,
               phase TEXT NOT NULL,
               attempt BIGINT NOT NULL,
               board TEXT NOT NULL,
               server TEXT NOT NULL,
               epoch BIGINT NOT NULL,
               submitted_ms BIGINT NOT NULL,
               started_ms BIGINT NOT NULL,
               finished_ms BIGINT NOT NULL,
               outcome TEXT NOT NULL,
               result TEXT NOT NULL,
               UNIQUE(client, request_key)))sql",
       "CREATE INDEX runs_queued ON runs(tags, submitted_ms) WHERE phase = 'queued'",
       "CREATE INDEX runs_running ON runs(owner) WHERE phase = 'running'",
       R"sql(CREATE TABLE audit(
               id {serial},
               at_ms BIGINT NOT NULL,
               actor TEXT NOT NULL,
               action TEXT NOT NULL,
               subject TEXT NOT NULL,
               detail TEXT NOT NULL))sql"},
      {"ALTER TABLE runs ADD COLUMN give_up_ms BIGINT NOT NULL DEFAULT 0",
       "CREATE INDEX runs_patience ON runs(give_up_ms) WHERE phase = 'queued' AND give_up_ms > 0",
       R"sql(CREATE TABLE reservations(
               id TEXT PRIMARY KEY,
               board TEXT NOT NULL REFERENCES boards(name) ON DELETE CASCADE,
               owner TEXT NOT NULL,
               note TEXT NOT NULL,
               from_ms BIGINT NOT NULL,
               until_ms BIGINT NOT NULL))sql",
       "CREATE INDEX reservations_board ON reservations(board, until_ms)",
       "CREATE TABLE plumb_farm(id TEXT NOT NULL)"},
      {R"sql(CREATE TABLE tokens(
               id TEXT PRIMARY KEY,
               secret_hash TEXT NOT NULL,
               name TEXT NOT NULL,
               role TEXT NOT NULL,
               pool TEXT NOT NULL,
               made_ms BIGINT NOT NULL,
               expires_ms BIGINT NOT NULL,
               revoked_ms BIGINT NOT NULL))sql"},
      // In the order in which free boards are taken, so that the first that fits ends the search.
      {"DROP INDEX boards_free",
       "CREATE INDEX boards_free ON boards(server, released_ms, name) WHERE run_id IS NULL"}};
  return steps;
}

Result<int64_t> VersionOf(Database& database) {
  PLUMB_RETURN_IF_ERROR(
      database.Execute("CREATE TABLE IF NOT EXISTS plumb_schema(version BIGINT NOT NULL)")
          .status());
  PLUMB_ASSIGN_OR_RETURN(const SqlRows rows, database.Execute("SELECT version FROM plumb_schema"));
  if (!rows.empty()) {
    return rows.front().Integer(0);
  }
  PLUMB_RETURN_IF_ERROR(database.Execute("INSERT INTO plumb_schema VALUES(0)").status());
  return int64_t{0};
}

}  // namespace

Status Migrate(Database& database) {
  PLUMB_RETURN_IF_ERROR(database.Prepare());
  PLUMB_ASSIGN_OR_RETURN(const int64_t version, VersionOf(database));
  if (version > kSchemaVersion || version < 0) {
    return FailedPreconditionError("the store's tables have version " + std::to_string(version) +
                                   ", this program knows up to " + std::to_string(kSchemaVersion))
        .WithHint("start the newer plumb-server, or give this one a store of its own");
  }
  for (auto step = static_cast<size_t>(version); step < Steps().size(); ++step) {
    for (const std::string_view statement : Steps()[step]) {
      PLUMB_RETURN_IF_ERROR(database.Execute(statement).status());
    }
  }
  PLUMB_RETURN_IF_ERROR(
      database
          .Execute("INSERT INTO plumb_farm SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM plumb_farm)",
                   {RandomId()})
          .status());
  return database.Execute("UPDATE plumb_schema SET version = $1", {kSchemaVersion}).status();
}

}  // namespace plumb::store
