#include "common/base/ids.h"
#include "common/base/text.h"
#include "server/store/sql_store.h"
#include "server/store/statements.h"

namespace plumb::store {
namespace {

constexpr std::chrono::hours kLongest{24 * 31};
constexpr uint32_t kMostBoards = 64;

Status CheckLength(std::chrono::milliseconds length) {
  if (length.count() <= 0 || length > kLongest) {
    return InvalidArgumentError("a reservation is longer than 0 and at most 31 days");
  }
  return OkStatus();
}

Status CheckReservation(const ReservationRequest& request) {
  PLUMB_RETURN_IF_ERROR(CheckName("the owner", request.owner));
  PLUMB_RETURN_IF_ERROR(CheckText("the note", request.note));
  PLUMB_RETURN_IF_ERROR(CheckLength(request.length));
  if (request.from.count() < 0 || request.from > kLongest) {
    return InvalidArgumentError("a reservation begins now or within 31 days");
  }
  if (request.count == 0 || request.count > kMostBoards) {
    return InvalidArgumentError("1 to " + std::to_string(kMostBoards) +
                                " boards can be reserved at once");
  }
  return OkStatus();
}

Reservation ReadReservation(const SqlRow& row) {
  return {row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.Integer(4), row.Integer(5)};
}

constexpr std::string_view kColumns = "v.id, v.board, v.owner, v.note, v.from_ms, v.until_ms";

// Boards that match and are free of reservations in that time, at most `count`.
Result<std::vector<std::string>> FindUnreserved(Database& database,
                                                int64_t now,
                                                const TagExpression& tags,
                                                const Reservation& wanted,
                                                uint32_t count) {
  Sql sql("SELECT b.name FROM boards b WHERE b.service <> 'quarantined' AND ");
  sql.Matches(tags).Add(" AND NOT EXISTS (SELECT 1 FROM reservations v WHERE v.board = b.name");
  sql.Add(" AND v.from_ms < ").Value(wanted.until_ms).Add(" AND v.until_ms > ");
  sql.Value(wanted.from_ms).Add(") AND b.alive_until_ms > ").Value(now);
  // Rows of boards are locked, so that two reservations never find the same one free.
  sql.Add(" ORDER BY CASE WHEN b.run_id IS NULL THEN 0 ELSE 1 END, b.released_ms, b.name LIMIT ");
  sql.Value(static_cast<int64_t>(count)).Add(" {wait}");
  PLUMB_ASSIGN_OR_RETURN(const SqlRows rows, sql.Run(database));
  std::vector<std::string> names;
  names.reserve(rows.size());
  for (const SqlRow& row : rows) {
    names.push_back(row.Text(0));
  }
  return names;
}

Result<bool> Overlaps(Database& database, const Reservation& wanted) {
  PLUMB_ASSIGN_OR_RETURN(
      const SqlRows rows,
      database.Execute("SELECT 1 FROM reservations v WHERE v.board = $1 AND v.id <> $2 "
                       "AND v.from_ms < $3 AND v.until_ms > $4 LIMIT 1",
                       {wanted.board, wanted.id, wanted.until_ms, wanted.from_ms}));
  return !rows.empty();
}

Result<Reservation> LoadReservation(Database& database, int64_t now, std::string_view id) {
  PLUMB_ASSIGN_OR_RETURN(
      const SqlRows rows,
      database.Execute("SELECT " + std::string(kColumns) +
                           " FROM reservations v WHERE v.id = $1 AND v.until_ms > $2 {wait}",
                       {std::string(id), now}));
  if (rows.empty()) {
    return NotFoundError("there is no reservation '" + EscapeForDisplay(id) + "', or it is over")
        .WithReason("reservation_not_found")
        .WithHint("'plumb boards' shows who has which board reserved");
  }
  return ReadReservation(rows.front());
}

Status CheckOwner(const Reservation& reservation, std::string_view owner) {
  if (!owner.empty() && reservation.owner != owner) {
    return PermissionDeniedError("board '" + EscapeForDisplay(reservation.board) +
                                 "' is reserved by '" + EscapeForDisplay(reservation.owner) + "'");
  }
  return OkStatus();
}

Status NotEnough(size_t free, uint32_t count, const Waiting& matching) {
  const std::string found =
      count == 1 ? "no board"
                 : "only " + std::to_string(free) + " of " + std::to_string(count) + " boards";
  return ResourceExhaustedError(found + " can be reserved for that time; " + matching.reason)
      .WithReason("board_busy")
      .WithHint("'plumb boards' shows reservations; ask for another time, or for other tags");
}

Status InsertReservation(Database& database, int64_t now, const Reservation& made) {
  // Looked at again under the lock: what was waited for may have reserved it.
  PLUMB_ASSIGN_OR_RETURN(const bool taken, Overlaps(database, made));
  if (taken) {
    return AbortedError("another reservation was faster");
  }
  PLUMB_RETURN_IF_ERROR(
      database
          .Execute("INSERT INTO reservations(id, board, owner, note, from_ms, until_ms) "
                   "VALUES($1, $2, $3, $4, $5, $6)",
                   {made.id, made.board, made.owner, made.note, made.from_ms, made.until_ms})
          .status());
  return WriteAudit(database, {0, now, made.owner, "reserve", made.board, made.id});
}

}  // namespace

Result<std::vector<Reservation>> SqlStore::Reserve(const ReservationRequest& request) {
  using List = std::vector<Reservation>;
  PLUMB_RETURN_IF_ERROR(CheckReservation(request));
  PLUMB_ASSIGN_OR_RETURN(const TagExpression tags, TagExpression::Parse(request.tags));
  return Transact<List>([&](Database& database) -> Result<List> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    Reservation wanted = {"", "", request.owner, request.note, now + request.from.count(), 0};
    wanted.until_ms = wanted.from_ms + request.length.count();
    PLUMB_ASSIGN_OR_RETURN(const std::vector<std::string> free,
                           FindUnreserved(database, now, tags, wanted, request.count));
    if (free.size() < request.count) {
      PLUMB_ASSIGN_OR_RETURN(const Waiting matching, CountMatching(database, now, request.tags));
      return NotEnough(free.size(), request.count, matching);
    }
    List list;
    for (const std::string& board : free) {
      wanted.id = RandomId();
      wanted.board = board;
      PLUMB_RETURN_IF_ERROR(InsertReservation(database, now, wanted));
      list.push_back(wanted);
    }
    return list;
  });
}

Result<Reservation> SqlStore::Extend(std::string_view id,
                                     std::string_view owner,
                                     std::chrono::milliseconds length) {
  PLUMB_RETURN_IF_ERROR(CheckLength(length));
  return Transact<Reservation>([&](Database& database) -> Result<Reservation> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    PLUMB_ASSIGN_OR_RETURN(Reservation kept, LoadReservation(database, now, id));
    PLUMB_RETURN_IF_ERROR(CheckOwner(kept, owner));
    // Locked as by Reserve.
    PLUMB_RETURN_IF_ERROR(
        database.Execute("SELECT name FROM boards WHERE name = $1 {wait}", {kept.board}).status());
    kept.until_ms = now + length.count();
    PLUMB_ASSIGN_OR_RETURN(const bool taken, Overlaps(database, kept));
    if (taken) {
      return ResourceExhaustedError("somebody else's reservation of board '" +
                                    EscapeForDisplay(kept.board) + "' begins before that")
          .WithReason("board_busy");
    }
    PLUMB_RETURN_IF_ERROR(database
                              .Execute("UPDATE reservations SET until_ms = $1 WHERE id = $2",
                                       {kept.until_ms, kept.id})
                              .status());
    return kept;
  });
}

Status SqlStore::EndReservation(std::string_view id,
                                std::string_view owner,
                                std::string_view actor) {
  return pool_.Transaction([&](Database& database) -> Status {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    PLUMB_ASSIGN_OR_RETURN(const Reservation over, LoadReservation(database, now, id));
    PLUMB_RETURN_IF_ERROR(CheckOwner(over, owner));
    PLUMB_RETURN_IF_ERROR(
        database.Execute("DELETE FROM reservations WHERE id = $1", {over.id}).status());
    return WriteAudit(database, {0, now, std::string(actor), "release", over.board, over.id});
  });
}

Result<std::vector<Reservation>> SqlStore::Reservations() {
  using List = std::vector<Reservation>;
  return Transact<List>([&](Database& database) -> Result<List> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    PLUMB_ASSIGN_OR_RETURN(const SqlRows rows,
                           database.Execute("SELECT " + std::string(kColumns) +
                                                " FROM reservations v WHERE v.until_ms > $1 "
                                                "ORDER BY v.from_ms, v.id",
                                            {now}));
    List list;
    for (const SqlRow& row : rows) {
      list.push_back(ReadReservation(row));
    }
    return list;
  });
}

Result<std::string> SqlStore::FarmId() {
  return Transact<std::string>([&](Database& database) -> Result<std::string> {
    PLUMB_ASSIGN_OR_RETURN(const SqlRows rows, database.Execute("SELECT id FROM plumb_farm"));
    return rows.empty() ? Result<std::string>(DataLossError("the store has lost its identity"))
                        : Result<std::string>(rows.front().Text(0));
  });
}

}  // namespace plumb::store
