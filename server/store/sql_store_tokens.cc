#include <algorithm>

#include "common/base/sha256.h"
#include "common/base/text.h"
#include "server/store/sql_store.h"
#include "server/store/statements.h"

namespace plumb::store {
namespace {

constexpr std::chrono::hours kLongestLife{24 * 366 * 10};
constexpr std::string_view kColumns =
    "t.id, t.secret_hash, t.name, t.role, t.pool, t.made_ms, t.expires_ms, t.revoked_ms";

Status CheckToken(const Token& token, std::chrono::hours life) {
  PLUMB_RETURN_IF_ERROR(CheckName("the token's id", token.id));
  PLUMB_RETURN_IF_ERROR(CheckName("the token's name", token.name));
  PLUMB_RETURN_IF_ERROR(TagExpression::Parse(token.pool).status());
  if (!IsSha256Hex(token.secret_hash)) {
    return InvalidArgumentError("the token's secret is not hashed");
  }
  if (life.count() <= 0 || life > kLongestLife) {
    return InvalidArgumentError("a token lives longer than 0 and at most ten years");
  }
  return OkStatus();
}

Result<Token> ReadToken(const SqlRow& row) {
  const auto role = RoleFrom(row.Text(3));
  if (!role) {
    return DataLossError("the store's token '" + EscapeForDisplay(row.Text(0)) + "' has no role");
  }
  return Token{row.Text(0),
               row.Text(1),
               row.Text(2),
               *role,
               row.Text(4),
               row.Integer(5),
               row.Integer(6),
               row.Integer(7)};
}

Status TokenNotFound(std::string_view id) {
  return NotFoundError("there is no token '" + EscapeForDisplay(id) + "'")
      .WithReason("token_not_found")
      .WithHint("list them: plumb token list");
}

}  // namespace

Result<Token> SqlStore::AddToken(const Token& token,
                                 std::chrono::hours life,
                                 std::string_view actor) {
  PLUMB_RETURN_IF_ERROR(CheckToken(token, life));
  return Transact<Token>([&](Database& database) -> Result<Token> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    Token made = token;
    made.made_ms = now;
    made.expires_ms = now + std::chrono::milliseconds(life).count();
    made.revoked_ms = 0;
    PLUMB_ASSIGN_OR_RETURN(
        const SqlRows rows,
        database.Execute(
            "INSERT INTO tokens(id, secret_hash, name, role, pool, made_ms, expires_ms, "
            "revoked_ms) VALUES($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT(id) DO NOTHING "
            "RETURNING id",
            {made.id,
             made.secret_hash,
             made.name,
             std::string(RoleName(made.role)),
             made.pool,
             made.made_ms,
             made.expires_ms}));
    if (rows.empty()) {
      return AlreadyExistsError("there is a token '" + EscapeForDisplay(made.id) + "' already");
    }
    PLUMB_RETURN_IF_ERROR(WriteAudit(database,
                                     {0,
                                      now,
                                      std::string(actor),
                                      "add_token",
                                      made.id,
                                      made.name + " " + std::string(RoleName(made.role))}));
    return made;
  });
}

Result<std::pair<Token, int64_t>> SqlStore::FindToken(std::string_view id) {
  using Found = std::pair<Token, int64_t>;
  return Transact<Found>([&](Database& database) -> Result<Found> {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    PLUMB_ASSIGN_OR_RETURN(
        const SqlRows rows,
        database.Execute("SELECT " + std::string(kColumns) + " FROM tokens t WHERE t.id = $1",
                         {std::string(id)}));
    if (rows.empty()) {
      return TokenNotFound(id);
    }
    PLUMB_ASSIGN_OR_RETURN(Token token, ReadToken(rows.front()));
    return Found(std::move(token), now);
  });
}

Status SqlStore::RevokeToken(std::string_view id, std::string_view actor) {
  return pool_.Transaction([&](Database& database) -> Status {
    PLUMB_ASSIGN_OR_RETURN(const int64_t now, Now(database));
    PLUMB_ASSIGN_OR_RETURN(
        const SqlRows rows,
        database.Execute("UPDATE tokens SET revoked_ms = CASE WHEN revoked_ms = 0 THEN $1 ELSE "
                         "revoked_ms END WHERE id = $2 RETURNING name",
                         {now, std::string(id)}));
    if (rows.empty()) {
      return TokenNotFound(id);
    }
    return WriteAudit(
        database,
        {0, now, std::string(actor), "revoke_token", std::string(id), rows.front().Text(0)});
  });
}

Result<std::vector<Token>> SqlStore::Tokens() {
  using List = std::vector<Token>;
  return Transact<List>([&](Database& database) -> Result<List> {
    PLUMB_ASSIGN_OR_RETURN(const SqlRows rows,
                           database.Execute("SELECT " + std::string(kColumns) +
                                            " FROM tokens t ORDER BY t.made_ms DESC LIMIT 1000"));
    List list;
    for (const SqlRow& row : rows) {
      PLUMB_ASSIGN_OR_RETURN(Token token, ReadToken(row));
      list.push_back(std::move(token));
    }
    std::sort(list.begin(), list.end(), [](const Token& a, const Token& b) {
      return std::pair(a.name, a.id) < std::pair(b.name, b.id);
    });
    return list;
  });
}

}  // namespace plumb::store
