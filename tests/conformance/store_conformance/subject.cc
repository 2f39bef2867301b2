#include "tests/conformance/store_conformance/subject.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "server/store/schema.h"
#include "server/store/sql_store.h"
#include "server/store/sqlite_database.h"
#include "tests/support/postgres.h"

namespace plumb::test {
namespace {

class SqliteSubject : public StoreSubject {
 public:
  SqliteSubject() {
    std::string folder = (std::filesystem::temp_directory_path() / "plumb_store_XXXXXX").string();
    folder_ = ::mkdtemp(folder.data()) != nullptr ? folder : "";
  }

  ~SqliteSubject() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  Result<std::unique_ptr<store::Store>> Open() override {
    PLUMB_ASSIGN_OR_RETURN(auto database, OpenDatabase());
    PLUMB_RETURN_IF_ERROR(database->Begin());
    PLUMB_RETURN_IF_ERROR(store::Migrate(*database));
    PLUMB_RETURN_IF_ERROR(database->Commit());
    std::vector<std::unique_ptr<store::Database>> connections;
    connections.push_back(std::move(database));
    return std::unique_ptr<store::Store>(std::make_unique<store::SqlStore>(std::move(connections)));
  }

  Status Advance(int64_t ms) override {
    *now_ += ms;
    return OkStatus();
  }

  Status Execute(const std::string& statement) override {
    PLUMB_ASSIGN_OR_RETURN(const auto database, OpenDatabase());
    return database->Execute(statement, {}).status();
  }

 private:
  [[nodiscard]] Result<std::unique_ptr<store::Database>> OpenDatabase() const {
    return store::OpenSqlite(folder_ + "/store.db", [now = now_] { return now->load(); });
  }

  std::string folder_;
  std::shared_ptr<std::atomic<int64_t>> now_ =
      std::make_shared<std::atomic<int64_t>>(1'763'800'000'000);
};

// The store's clock is a function in the database; the test's is another one.
class PostgresSubject : public StoreSubject {
 public:
  PostgresSubject(TemporaryPostgres* postgres, std::string database, std::string address)
      : postgres_(postgres),
        database_(std::move(database)),
        address_(std::move(address)) {}

  Result<std::unique_ptr<store::Store>> Open() override {
    PLUMB_RETURN_IF_ERROR(Advance(0));
    return store::OpenStore(address_);
  }

  Status Advance(int64_t ms) override {
    now_ += ms;
    return Execute(
        "CREATE OR REPLACE FUNCTION plumb_now() RETURNS BIGINT LANGUAGE sql VOLATILE AS "
        "'SELECT " +
        std::to_string(now_) + "::BIGINT'");
  }

  Status Execute(const std::string& statement) override {
    return postgres_->Execute(database_, statement);
  }

 private:
  TemporaryPostgres* postgres_;
  const std::string database_;
  const std::string address_;
  int64_t now_ = 1'763'800'000'000;
};

}  // namespace

Result<std::unique_ptr<StoreSubject>> MakeStoreSubject(const std::string& engine) {
  if (engine == "sqlite") {
    return std::unique_ptr<StoreSubject>(std::make_unique<SqliteSubject>());
  }
  // One server for the whole program, a database for each test.
  static Result<std::unique_ptr<TemporaryPostgres>> postgres = TemporaryPostgres::Start();
  static std::atomic<int> databases{0};
  if (!postgres.ok()) {
    return postgres.status();
  }
  const std::string name = "store_" + std::to_string(databases++);
  PLUMB_ASSIGN_OR_RETURN(std::string address, (*postgres)->CreateDatabase(name));
  return std::unique_ptr<StoreSubject>(
      std::make_unique<PostgresSubject>(postgres->get(), name, std::move(address)));
}

}  // namespace plumb::test
