#include "server/store/sqlite_database.h"

#include <sqlite3.h>

#include <chrono>
#include <utility>

#include "common/base/text.h"

namespace plumb::store {
namespace {

const Dialect& SqliteDialect() {
  static const Dialect dialect = {"", "", "INTEGER PRIMARY KEY AUTOINCREMENT"};
  return dialect;
}

struct CloseSqlite {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

Status SqliteError(sqlite3* database, int code) {
  const std::string text = std::string("SQLite: ") + sqlite3_errmsg(database);
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return UnavailableError(text);
    case SQLITE_FULL:
      return ResourceExhaustedError(text).WithHint("make room on the disk of the store");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return DataLossError(text).WithHint(
          "restore the file from a backup, or start with a new one");
    case SQLITE_CONSTRAINT:
      return AlreadyExistsError(text);
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
      return UnavailableError(text);
    default:
      return InternalError(text);
  }
}

int Bind(sqlite3_stmt* statement, int index, const SqlValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    return sqlite3_bind_int64(statement, index, *integer);
  }
  if (const auto* real = std::get_if<double>(&value)) {
    return sqlite3_bind_double(statement, index, *real);
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(
        statement, index, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  return sqlite3_bind_null(statement, index);
}

SqlRow ReadRow(sqlite3_stmt* statement) {
  std::vector<SqlValue> values;
  const int count = sqlite3_column_count(statement);
  values.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    switch (sqlite3_column_type(statement, i)) {
      case SQLITE_INTEGER:
        values.emplace_back(int64_t{sqlite3_column_int64(statement, i)});
        break;
      case SQLITE_FLOAT:
        values.emplace_back(sqlite3_column_double(statement, i));
        break;
      case SQLITE_NULL:
        values.emplace_back();
        break;
      default: {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
        const int size = sqlite3_column_bytes(statement, i);
        values.emplace_back(text != nullptr ? std::string(text, static_cast<size_t>(size)) : "");
      }
    }
  }
  return SqlRow(std::move(values));
}

void NowFunction(sqlite3_context* context, int /*count*/, sqlite3_value** /*values*/) {
  const auto* clock = static_cast<const std::function<int64_t()>*>(sqlite3_user_data(context));
  sqlite3_result_int64(context, (*clock)());
}

class SqliteDatabase : public Database {
 public:
  explicit SqliteDatabase(std::function<int64_t()> clock) : clock_(std::move(clock)) {}

  Status Open(const std::string& path) {
    sqlite3* handle = nullptr;
    const int opened =
        sqlite3_open_v2(path.c_str(),
                        &handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX,
                        nullptr);
    database_.reset(handle);
    if (opened != SQLITE_OK) {
      return SqliteError(handle, opened).Annotate("'" + EscapeForDisplay(path) + "'");
    }
    sqlite3_extended_result_codes(handle, 1);
    // Named by its number of arguments; the clock lives as long as the connection.
    sqlite3_create_function_v2(
        handle, "plumb_now", 0, SQLITE_UTF8, &clock_, NowFunction, nullptr, nullptr, nullptr);
    Status status = Configure();
    if (status.code() == StatusCode::kUnavailable) {
      return FailedPreconditionError("the store '" + EscapeForDisplay(path) +
                                     "' belongs to another running server")
          .WithHint(
              "stop the other server, or let several share a PostgreSQL: --store "
              "postgresql://…");
    }
    return status;
  }

  Result<SqlRows> Execute(std::string_view text, std::span<const SqlValue> values) override {
    const std::string sql = ForDialect(text, SqliteDialect());
    sqlite3_stmt* prepared = nullptr;
    int code = sqlite3_prepare_v2(
        database_.get(), sql.data(), static_cast<int>(sql.size()), &prepared, nullptr);
    const Statement statement(prepared);
    if (code != SQLITE_OK) {
      return SqliteError(database_.get(), code);
    }
    for (size_t i = 0; i < values.size(); ++i) {
      // "$3" is a name to SQLite, whose order of appearance need not be its number.
      const std::string name = "$" + std::to_string(i + 1);
      const int index = sqlite3_bind_parameter_index(prepared, name.c_str());
      code = index == 0 ? SQLITE_RANGE : Bind(prepared, index, values[i]);
      if (code != SQLITE_OK) {
        return SqliteError(database_.get(), code).Annotate("parameter " + name);
      }
    }
    SqlRows rows;
    for (code = sqlite3_step(prepared); code == SQLITE_ROW; code = sqlite3_step(prepared)) {
      rows.push_back(ReadRow(prepared));
    }
    if (code != SQLITE_DONE) {
      return SqliteError(database_.get(), code);
    }
    return rows;
  }

  Status Prepare() override { return OkStatus(); }

  Status Begin() override { return Database::Execute("BEGIN IMMEDIATE").status(); }

  Status Commit() override { return Database::Execute("COMMIT").status(); }

  void Rollback() override {
    // Fails when a COMMIT that failed has ended the transaction already.
    (void)Database::Execute("ROLLBACK");
  }

 private:
  Status Configure() {
    sqlite3_busy_timeout(database_.get(), 0);
    // The lock is taken at the first write, so there must be one.
    for (const std::string_view statement : {"PRAGMA locking_mode = EXCLUSIVE",
                                             "PRAGMA journal_mode = WAL",
                                             "PRAGMA synchronous = FULL",
                                             "PRAGMA foreign_keys = ON",
                                             "PRAGMA trusted_schema = OFF",
                                             "BEGIN IMMEDIATE",
                                             "COMMIT"}) {
      PLUMB_RETURN_IF_ERROR(Database::Execute(statement).status());
    }
    return OkStatus();
  }

  std::function<int64_t()> clock_;
  std::unique_ptr<sqlite3, CloseSqlite> database_;
};

}  // namespace

std::function<int64_t()> SteadyUnixClock() {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const auto start = std::chrono::steady_clock::now();
  return [wall, start] {
    const auto elapsed = std::chrono::steady_clock::now() - start;
    return int64_t{duration_cast<milliseconds>(wall).count() +
                   duration_cast<milliseconds>(elapsed).count()};
  };
}

Result<std::unique_ptr<Database>> OpenSqlite(const std::string& path,
                                             std::function<int64_t()> clock) {
  auto database = std::make_unique<SqliteDatabase>(std::move(clock));
  PLUMB_RETURN_IF_ERROR(database->Open(path));
  return std::unique_ptr<Database>(std::move(database));
}

}  // namespace plumb::store
