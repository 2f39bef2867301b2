#include "server/store/postgres_database.h"

#include <libpq-fe.h>
#include <poll.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "common/base/text.h"

namespace plumb::store {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{10};
constexpr const char* kSessionOptions =
    "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=3000 "
    "-c client_connection_check_interval=2000 -c tcp_keepalives_idle=2 "
    "-c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 -c client_min_messages=warning";
constexpr Oid kInt8 = 20;
constexpr Oid kFloat8 = 701;
constexpr Oid kText = 25;

const Dialect& PostgresDialect() {
  static const Dialect dialect = {"FOR UPDATE SKIP LOCKED", "FOR UPDATE", "BIGSERIAL PRIMARY KEY"};
  return dialect;
}

struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};

using Reply = std::unique_ptr<PGresult, ClearResult>;

// A single line, without what libpq appends.
std::string FirstLine(const char* text) {
  const std::string_view view(text == nullptr ? "" : text);
  return std::string(Trim(view.substr(0, view.find('\n'))));
}

// Classes of SQLSTATE: 40 lost against another transaction, 08 and 57P connection, 53 resources.
Status ServerError(const PGresult* result) {
  const char* field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string_view state = field == nullptr ? "" : field;
  std::string text =
      "PostgreSQL: " + FirstLine(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
  if (state.substr(0, 2) == "40" || state == "55P03") {
    return AbortedError(std::move(text));
  }
  if (state == "23505") {
    return AlreadyExistsError(std::move(text));
  }
  if (state.empty() || state.substr(0, 2) == "08" || state.substr(0, 2) == "53" ||
      state.substr(0, 3) == "57P" || state == "57014" || state == "25006") {
    return UnavailableError(std::move(text));
  }
  return InternalError(text + " (" + std::string(state) + ")");
}

Result<SqlValue> ReadValue(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column) != 0) {
    return SqlValue();
  }
  std::string text(PQgetvalue(result, row, column),
                   static_cast<size_t>(PQgetlength(result, row, column)));
  switch (PQftype(result, column)) {
    case kInt8:
    case 21:    // int2
    case 23: {  // int4
      const auto value = ParseInt(text);
      return value ? Result<SqlValue>(SqlValue(*value))
                   : InternalError("PostgreSQL sent no number");
    }
    case 16:  // bool
      return SqlValue(int64_t{text == "t"});
    case kFloat8: {
      const auto value = ParseDouble(text);
      return value ? Result<SqlValue>(SqlValue(*value))
                   : InternalError("PostgreSQL sent no number");
    }
    default:
      return SqlValue(std::move(text));
  }
}

// The values of a statement in libpq's text form.
struct Parameters {
  explicit Parameters(std::span<const SqlValue> values) {
    texts.reserve(values.size());
    for (const SqlValue& value : values) {
      types.push_back(TypeOf(value));
      texts.push_back(TextOf(value));
      pointers.push_back(std::holds_alternative<std::monostate>(value) ? nullptr
                                                                       : texts.back().c_str());
    }
  }

  static Oid TypeOf(const SqlValue& value) {
    if (std::holds_alternative<int64_t>(value)) {
      return kInt8;
    }
    return std::holds_alternative<double>(value) ? kFloat8 : kText;
  }

  static std::string TextOf(const SqlValue& value) {
    if (const auto* integer = std::get_if<int64_t>(&value)) {
      return std::to_string(*integer);
    }
    if (const auto* real = std::get_if<double>(&value)) {
      return ShortestDouble(*real);
    }
    const auto* text = std::get_if<std::string>(&value);
    return text != nullptr ? *text : "";
  }

  std::vector<Oid> types;
  std::vector<std::string> texts;
  std::vector<const char*> pointers;
};

class PostgresDatabase : public Database {
 public:
  explicit PostgresDatabase(std::string address) : address_(std::move(address)) {}

  // A lost connection is noticed within seconds by either side, and a transaction that its client
  // left open is ended by the server.
  Status Connect() {
    const char* const keywords[] = {"dbname",
                                    "connect_timeout",
                                    "keepalives_idle",
                                    "keepalives_interval",
                                    "keepalives_count",
                                    "tcp_user_timeout",
                                    "client_encoding",
                                    "application_name",
                                    "options",
                                    nullptr};
    const char* const values[] = {address_.c_str(),
                                  "5",
                                  "2",
                                  "1",
                                  "3",
                                  "8000",
                                  "UTF8",
                                  "plumb-server",
                                  kSessionOptions,
                                  nullptr};
    connection_.reset(PQconnectdbParams(keywords, values, 1));
    if (connection_ == nullptr || PQstatus(connection_.get()) != CONNECTION_OK) {
      const std::string why =
          connection_ == nullptr ? "no memory" : FirstLine(PQerrorMessage(connection_.get()));
      connection_.reset();
      return UnavailableError("cannot reach PostgreSQL: " + why)
          .WithHint("check the address, that the server runs and that it lets this user in");
    }
    PQsetnonblocking(connection_.get(), 1);
    return OkStatus();
  }

  Result<SqlRows> Execute(std::string_view text, std::span<const SqlValue> values) override {
    if (connection_ == nullptr) {
      PLUMB_RETURN_IF_ERROR(Connect());
    }
    const std::string sql = ForDialect(text, PostgresDialect());
    const Parameters parameters(values);
    const auto deadline = Clock::now() + kPatience;
    if (PQsendQueryParams(connection_.get(),
                          sql.c_str(),
                          static_cast<int>(values.size()),
                          parameters.types.data(),
                          parameters.pointers.data(),
                          nullptr,
                          nullptr,
                          0) != 1) {
      return Lost();
    }
    PLUMB_RETURN_IF_ERROR(Flush(deadline));
    PLUMB_ASSIGN_OR_RETURN(const Reply reply, Receive(deadline));
    return ReadRows(reply.get());
  }

  Status Prepare() override {
    // The number is the lock's name among everybody who uses this database: "plumb" in ASCII.
    PLUMB_RETURN_IF_ERROR(Database::Execute("SELECT pg_advisory_xact_lock(482922819938)").status());
    PLUMB_ASSIGN_OR_RETURN(const SqlRows known,
                           Database::Execute("SELECT to_regproc('plumb_now') IS NOT NULL"));
    if (!known.empty() && known.front().Integer(0) != 0) {
      return OkStatus();
    }
    return Database::Execute(
               "CREATE FUNCTION plumb_now() RETURNS BIGINT LANGUAGE sql VOLATILE AS $$ "
               "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::BIGINT $$")
        .status();
  }

  Status Begin() override { return Database::Execute("BEGIN").status(); }

  Status Commit() override { return Database::Execute("COMMIT").status(); }

  void Rollback() override {
    if (connection_ != nullptr && PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) {
      (void)Database::Execute("ROLLBACK");
    }
  }

 private:
  // The next use connects anew.
  Status Lost() {
    Status status = UnavailableError("the connection to PostgreSQL is lost: " +
                                     FirstLine(PQerrorMessage(connection_.get())));
    connection_.reset();
    return status;
  }

  Status WaitFor(short events, Clock::time_point deadline) {
    pollfd descriptor{PQsocket(connection_.get()), events, 0};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      connection_.reset();
      return UnavailableError("PostgreSQL did not answer within " +
                              std::to_string(kPatience.count()) + " seconds");
    }
    if (::poll(&descriptor, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) {
      return ErrnoError(errno, "waiting for PostgreSQL");
    }
    return OkStatus();
  }

  Status Flush(Clock::time_point deadline) {
    for (int left = PQflush(connection_.get()); left != 0; left = PQflush(connection_.get())) {
      if (left < 0) {
        return Lost();
      }
      PLUMB_RETURN_IF_ERROR(WaitFor(POLLIN | POLLOUT, deadline));
      if (PQconsumeInput(connection_.get()) != 1) {
        return Lost();
      }
    }
    return OkStatus();
  }

  // The last result of the statement just sent; nothing stays behind on the connection.
  Result<Reply> Receive(Clock::time_point deadline) {
    Reply last;
    while (true) {
      while (PQisBusy(connection_.get()) != 0) {
        PLUMB_RETURN_IF_ERROR(WaitFor(POLLIN, deadline));
        if (PQconsumeInput(connection_.get()) != 1) {
          return Lost();
        }
      }
      Reply next(PQgetResult(connection_.get()));
      if (next == nullptr) {
        break;
      }
      last = std::move(next);
    }
    if (last == nullptr || PQstatus(connection_.get()) != CONNECTION_OK) {
      return Lost();
    }
    return last;
  }

  static Result<SqlRows> ReadRows(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
      return ServerError(result);
    }
    SqlRows rows;
    for (int row = 0; row < PQntuples(result); ++row) {
      std::vector<SqlValue> values;
      for (int column = 0; column < PQnfields(result); ++column) {
        PLUMB_ASSIGN_OR_RETURN(SqlValue value, ReadValue(result, row, column));
        values.push_back(std::move(value));
      }
      rows.emplace_back(std::move(values));
    }
    return rows;
  }

  const std::string address_;
  std::unique_ptr<PGconn, FinishConnection> connection_;
};

}  // namespace

Result<std::unique_ptr<Database>> OpenPostgres(const std::string& address) {
  auto database = std::make_unique<PostgresDatabase>(address);
  PLUMB_RETURN_IF_ERROR(database->Connect());
  return std::unique_ptr<Database>(std::move(database));
}

}  // namespace plumb::store
