// How many boards match, in which state they are, and that in words.
#include <array>
#include <ctime>
#include <utility>

#include "common/base/text.h"
#include "server/store/statements.h"

namespace plumb::store {
namespace {

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

// ", 2 of them reserved (by ann until 2026-11-20 08:00:00)" of idle boards that others keep.
Result<std::string> ReservedText(Database& database,
                                 int64_t now,
                                 const TagExpression& tags,
                                 std::string_view owner) {
  Sql sql(
      "SELECT v.owner, v.until_ms FROM boards b JOIN reservations v ON v.board = b.name WHERE ");
  sql.Add("b.run_id IS NULL AND b.service = 'in_service' AND b.alive_until_ms > ").Value(now);
  sql.Add(" AND v.from_ms <= ").Value(now).Add(" AND v.until_ms > ").Value(now);
  sql.Add(" AND v.owner <> ").Value(std::string(owner)).Add(" AND ").Matches(tags);
  PLUMB_ASSIGN_OR_RETURN(const SqlRows rows, sql.Add(" ORDER BY v.until_ms").Run(database));
  if (rows.empty()) {
    return std::string();
  }
  return " (" + std::to_string(rows.size()) + " reserved, by " +
         EscapeForDisplay(rows.front().Text(0)) + " until " + TimeText(rows.front().Integer(1)) +
         ")";
}

Status DescribeWaiting(Database& database,
                       std::string_view text,
                       const TagExpression& tags,
                       const std::string& reserved,
                       Waiting* waiting) {
  const uint64_t matching = waiting->leased + waiting->preparing + waiting->quarantined +
                            waiting->draining + waiting->offline + waiting->idle;
  if (matching == 0) {
    waiting->reason =
        text.empty() ? "there are no boards" : "no board matches '" + EscapeForDisplay(text) + "'";
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
  add(waiting->idle, "idle", reserved);
  waiting->reason = std::to_string(matching) +
                    (matching == 1 ? " board matches: " : " boards match: ") + Join(parts, ", ");
  return OkStatus();
}

}  // namespace

Result<Waiting> CountMatching(Database& database,
                              int64_t now,
                              std::string_view tags,
                              std::string_view owner) {
  PLUMB_ASSIGN_OR_RETURN(const TagExpression expression, TagExpression::Parse(tags));
  Waiting waiting;
  PLUMB_RETURN_IF_ERROR(CountBoards(database, now, expression, &waiting));
  PLUMB_ASSIGN_OR_RETURN(const std::string reserved,
                         ReservedText(database, now, expression, owner));
  PLUMB_RETURN_IF_ERROR(DescribeWaiting(database, tags, expression, reserved, &waiting));
  return waiting;
}

}  // namespace plumb::store
