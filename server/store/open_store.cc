#include <algorithm>

#include "common/base/text.h"
#include "server/store/postgres_database.h"
#include "server/store/schema.h"
#include "server/store/sql_store.h"
#include "server/store/sqlite_database.h"

namespace plumb::store {
namespace {

constexpr std::string_view kSqlite = "sqlite:";
// Calls that PostgreSQL works on at the same time for one server.
constexpr int kConnections = 4;

Status MigrateStore(Database& database) {
  PLUMB_RETURN_IF_ERROR(database.Begin());
  Status status = Migrate(database);
  if (status.ok()) {
    status = database.Commit();
  }
  if (!status.ok()) {
    database.Rollback();
  }
  return std::move(status).Annotate("the store's tables");
}

bool IsPostgres(const std::string& address) {
  return address.starts_with("postgresql://") || address.starts_with("postgres://") ||
         address.find('=') != std::string::npos;
}

}  // namespace

Result<std::unique_ptr<Store>> OpenStore(const std::string& address) {
  std::vector<std::unique_ptr<Database>> connections;
  if (address.starts_with(kSqlite)) {
    PLUMB_ASSIGN_OR_RETURN(auto database, OpenSqlite(address.substr(kSqlite.size())));
    connections.push_back(std::move(database));
  } else if (IsPostgres(address)) {
    for (int i = 0; i < kConnections; ++i) {
      PLUMB_ASSIGN_OR_RETURN(auto database, OpenPostgres(address));
      connections.push_back(std::move(database));
    }
  } else {
    return InvalidArgumentError("a store cannot be at '" + EscapeForDisplay(address) + "'")
        .WithHint("write sqlite:FILE or postgresql://USER@HOST/DATABASE");
  }
  PLUMB_RETURN_IF_ERROR(MigrateStore(*connections.front()));
  return std::unique_ptr<Store>(std::make_unique<SqlStore>(std::move(connections)));
}

}  // namespace plumb::store
