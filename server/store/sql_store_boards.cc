#include <algorithm>
#include <limits>
#include <map>

#include "common/base/text.h"
#include "server/store/sql_store.h"
#include "server/store/statements.h"

namespace plumb::store {
namespace {

constexpr size_t kMaxTags = 64;
constexpr std::chrono::hours kLongestLife{24};

Status CheckLife(std::string_view what, std::chrono::milliseconds life) {
  if (life.count() <= 0 || life > kLongestLife) {
    return InvalidArgumentError(std::string(what) + " must be above 0 and at most 24 hours");
  }
  return OkStatus();
}

Status CheckAnnouncement(const BoardAnnouncement& board) {
  PLUMB_RETURN_IF_ERROR(CheckName("the board", board.name));
  PLUMB_RETURN_IF_ERROR(CheckName("the server", board.server));
  PLUMB_RETURN_IF_ERROR(CheckName("the agent's instance", board.instance));
  PLUMB_RETURN_IF_ERROR(CheckText("the description", board.description));
  PLUMB_RETURN_IF_ERROR(CheckLife("the time a board counts as alive", board.alive));
  if (board.tags.size() > kMaxTags) {
    return InvalidArgumentError("a board has at most " + std::to_string(kMaxTags) + " tags");
  }
  for (const std::string& tag : board.tags) {
    PLUMB_RETURN_IF_ERROR(CheckName("the tag", tag));
  }
  return OkStatus();
}

Status NameTaken(const std::string& name) {
  return AlreadyExistsError("another agent is connected as board '" + EscapeForDisplay(name) + "'")
      .WithReason("board_name_taken")
      .WithHint("give each agent a --name of its own");
}

// An agent may take a name over once the one before is no longer alive. Its own server sees at once
// when that is gone.
Status CheckTaken(Database& database, int64_t now, const BoardAnnouncement& board) {
  PLUMB_ASSIGN_OR_RETURN(
      const SqlRows rows,
      database.Execute("SELECT instance, alive_until_ms, server FROM boards WHERE name = $1 {wait}",
                       {board.name}));
  const bool taken = !rows.empty() && rows.front().Text(0) != board.instance &&
                     rows.front().Integer(1) > now && rows.front().Text(2) != board.server;
  return taken ? NameTaken(board.name) : OkStatus();
}

Status PutTags(Database& database, const BoardAnnouncement& board) {
  PLUMB_RETURN_IF_ERROR(
      database.Execute("DELETE FROM board_tags WHERE board = $1", {board.name}).status());
  for (const std::string& tag : board.tags) {
    PLUMB_RETURN_IF_ERROR(
        database
            .Execute("INSERT INTO board_tags(board, tag) VALUES($1, $2) ON CONFLICT DO NOTHING",
                     {board.name, tag})
            .status());
  }
  return OkStatus();
}

Status PutBoard(Database& database, int64_t now, const BoardAnnouncement& board) {
  return database
      .Execute(
          "INSERT INTO boards(name, server, instance, description, service, reason, since_ms, "
          "seen_ms, alive_until_ms, run_id, preparing, epoch, expires_ms, released_ms) "
          "VALUES($1, $2, $3, $4, 'in_service', '', $5, $5, $6, NULL, 0, 0, 0, 0) "
          "ON CONFLICT(name) DO UPDATE SET server = excluded.server, "
          "instance = excluded.instance, description = excluded.description, "
          "seen_ms = excluded.seen_ms, alive_until_ms = excluded.alive_until_ms",
          {board.name,
           board.server,
           board.instance,
           board.description,
           now,
           now + board.alive.count()})
      .status();
}

Service ServiceFrom(std::string_view text) {
  if (text == ServiceName(Service::kDraining)) {
    return Service::kDraining;
  }
  return text == ServiceName(Service::kQuarantined) ? Service::kQuarantined : Service::kInService;
}

BoardState StateOf(const BoardRecord& board, bool preparing, bool alive) {
  if (!board.run_id.empty()) {
    return preparing ? BoardState::kPreparing : BoardState::kLeased;
  }
  switch (board.service) {
    case Service::kQuarantined:
      return BoardState::kQuarantined;
    case Service::kDraining:
      return BoardState::kDraining;
    case Service::kInService:
      return alive ? BoardState::kIdle : BoardState::kOffline;
  }
  return BoardState::kOffline;
}

BoardRecord ReadBoard(const SqlRow& row, int64_t now) {
  BoardRecord board;
  board.name = row.Text(0);
  board.server = row.Text(1);
  board.instance = row.Text(2);
  board.description = row.Text(3);
  board.service = ServiceFrom(row.Text(4));
  board.reason = row.Text(5);
  board.since_ms = row.Integer(6);
  board.seen_ms = row.Integer(7);
  board.run_id = row.Text(9);
  board.epoch = static_cast<uint64_t>(row.Integer(11));
  board.expires_ms = row.Integer(12);
  board.owner = row.Text(13);
  board.reserved_by = row.Text(14);
  board.reserved_until_ms = row.Integer(15);
  board.state = StateOf(board, row.Integer(10) != 0, row.Integer(8) > now);
  return board;
}

Result<std::vector<BoardRecord>> LoadBoards(Database& database) {
  PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
  PLUMB_ASSIGN_OR_RETURN(
      const SqlRows rows,
      database.Execute("SELECT b.name, b.server, b.instance, b.description, b.service, b.reason, "
                       "b.since_ms, b.seen_ms, b.alive_until_ms, b.run_id, b.preparing, b.epoch, "
                       "b.expires_ms, r.owner, v.owner, v.until_ms FROM boards b "
                       "LEFT JOIN runs r ON r.id = b.run_id LEFT JOIN reservations v "
                       "ON v.board = b.name AND v.from_ms <= $1 AND v.until_ms > $1",
                       {now}));
  PLUMB_ASSIGN_OR_RETURN(const SqlRows tags, database.Execute("SELECT board, tag FROM board_tags"));
  // Sorted here: the engines order text by different rules.
  std::map<std::string, BoardRecord> boards;
  for (const SqlRow& row : rows) {
    boards.emplace(row.Text(0), ReadBoard(row, now));
  }
  for (const SqlRow& row : tags) {
    const auto board = boards.find(row.Text(0));
    if (board != boards.end()) {
      board->second.tags.push_back(row.Text(1));
    }
  }
  std::vector<BoardRecord> sorted;
  for (auto& [name, board] : boards) {
    std::sort(board.tags.begin(), board.tags.end());
    sorted.push_back(std::move(board));
  }
  return sorted;
}

Status BoardNotFound(std::string_view board) {
  return NotFoundError("there is no board '" + EscapeForDisplay(board) + "'")
      .WithReason("board_not_found")
      .WithHint("list them: plumb boards");
}

}  // namespace

Status SqlStore::Announce(const BoardAnnouncement& board) {
  PLUMB_RETURN_IF_ERROR(CheckAnnouncement(board));
  return pool_.Transaction([&](Database& database) -> Status {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    PLUMB_RETURN_IF_ERROR(CheckTaken(database, now, board));
    PLUMB_RETURN_IF_ERROR(PutBoard(database, now, board));
    return PutTags(database, board);
  });
}

Status SqlStore::See(std::string_view server,
                     std::span<const std::string> boards,
                     std::chrono::milliseconds alive) {
  PLUMB_RETURN_IF_ERROR(CheckLife("the time a board counts as alive", alive));
  constexpr size_t kAtOnce = 1000;
  return pool_.Transaction([&](Database& database) -> Status {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    for (size_t first = 0; first < boards.size(); first += kAtOnce) {
      Sql sql("UPDATE boards SET seen_ms = ");
      sql.Value(now).Add(", alive_until_ms = ").Value(now + alive.count());
      sql.Add(" WHERE server = ").Value(std::string(server)).Add(" AND name IN (");
      const auto part = boards.subspan(first, std::min(kAtOnce, boards.size() - first));
      for (size_t i = 0; i < part.size(); ++i) {
        sql.Add(i == 0 ? "" : ", ").Value(part[i]);
      }
      PLUMB_RETURN_IF_ERROR(sql.Add(")").Run(database).status());
    }
    return OkStatus();
  });
}

Status SqlStore::Leave(std::string_view board, std::string_view instance) {
  return pool_.Transaction([&](Database& database) -> Status {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    return database
        .Execute("UPDATE boards SET alive_until_ms = $1 WHERE name = $2 AND instance = $3",
                 {now, std::string(board), std::string(instance)})
        .status();
  });
}

Result<std::vector<BoardRecord>> SqlStore::Boards() {
  return Transact<std::vector<BoardRecord>>(LoadBoards);
}

Status SqlStore::SetService(std::string_view board,
                            Service service,
                            std::string_view reason,
                            std::string_view actor) {
  PLUMB_RETURN_IF_ERROR(CheckText("the reason", reason));
  const std::string kept(service == Service::kInService ? "" : reason);
  return pool_.Transaction([&](Database& database) -> Status {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    PLUMB_ASSIGN_OR_RETURN(
        const SqlRows rows,
        database.Execute("UPDATE boards SET service = $1, reason = $2, since_ms = $3 "
                         "WHERE name = $4 RETURNING name",
                         {std::string(ServiceName(service)), kept, now, std::string(board)}));
    if (rows.empty()) {
      return BoardNotFound(board);
    }
    return WriteAudit(database,
                      {0,
                       now,
                       std::string(actor),
                       std::string(ServiceName(service)),
                       std::string(board),
                       std::string(reason)});
  });
}

Result<std::optional<Lease>> SqlStore::Kick(std::string_view board, std::string_view actor) {
  return Transact<std::optional<Lease>>([&](Database& database) -> Result<std::optional<Lease>> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    PLUMB_ASSIGN_OR_RETURN(
        const SqlRows rows,
        database.Execute("SELECT run_id, epoch FROM boards WHERE name = $1", {std::string(board)}));
    if (rows.empty()) {
      return BoardNotFound(board);
    }
    if (rows.front().IsNull(0)) {
      return std::optional<Lease>();
    }
    PLUMB_ASSIGN_OR_RETURN(const RunRecord run, LoadRun(database, rows.front().Text(0), true));
    const auto epoch = static_cast<uint64_t>(rows.front().Integer(1));
    if (run.phase != RunPhase::kRunning || run.board != board || run.epoch != epoch) {
      return AbortedError("the board changed hands meanwhile");
    }
    PLUMB_RETURN_IF_ERROR(EndRun(database, now, run, "kicked", ""));
    PLUMB_RETURN_IF_ERROR(
        WriteAudit(database, {0, now, std::string(actor), "kick", std::string(board), run.id}));
    return std::optional(Lease{run.id, std::string(board), epoch});
  });
}

}  // namespace plumb::store
