#include "server/store/database.h"

#include <gtest/gtest.h>

#include "server/store/sqlite_database.h"

namespace plumb::store {
namespace {

// Counts what a pool does with it; every COMMIT fails as often as it is told.
class ScriptedDatabase : public Database {
 public:
  using Database::Execute;

  Result<SqlRows> Execute(std::string_view /*statement*/,
                          std::span<const SqlValue> /*values*/) override {
    return SqlRows();
  }

  Status Prepare() override { return OkStatus(); }

  Status Begin() override {
    ++begun;
    return OkStatus();
  }

  Status Commit() override {
    ++committed;
    return committed <= races ? AbortedError("lost a race") : OkStatus();
  }

  void Rollback() override { ++rolled_back; }

  int begun = 0;
  int committed = 0;
  int rolled_back = 0;
  int races = 0;
};

struct Pool {
  Pool() {
    auto owned = std::make_unique<ScriptedDatabase>();
    database = owned.get();
    std::vector<std::unique_ptr<Database>> connections;
    connections.push_back(std::move(owned));
    pool = std::make_unique<DatabasePool>(std::move(connections));
  }

  ScriptedDatabase* database;
  std::unique_ptr<DatabasePool> pool;
};

TEST(DatabasePool, TriesALostRaceAgain) {
  Pool subject;
  subject.database->races = 4;
  EXPECT_TRUE(subject.pool->Transaction([](Database&) { return OkStatus(); }).ok());
  EXPECT_EQ(subject.database->begun, 5);
  EXPECT_EQ(subject.database->rolled_back, 4);
}

TEST(DatabasePool, GivesUpAfterFiveAndSaysThatItMayBeTriedLater) {
  Pool subject;
  subject.database->races = 100;
  EXPECT_EQ(subject.pool->Transaction([](Database&) { return OkStatus(); }).code(),
            StatusCode::kUnavailable);
  EXPECT_EQ(subject.database->begun, 5);
}

TEST(DatabasePool, DoesNotRepeatWhatWillNotChange) {
  Pool subject;
  const Status status = subject.pool->Transaction(
      [](Database&) { return AbortedError("gone").WithReason("lease_lost"); });
  EXPECT_EQ(status.code(), StatusCode::kAborted);
  EXPECT_EQ(subject.database->begun, 1);
  EXPECT_EQ(subject.database->rolled_back, 1);
  EXPECT_EQ(subject.database->committed, 0);
}

TEST(ForDialect, ReplacesEveryWordInBraces) {
  EXPECT_EQ(ForDialect("{lock} a {wait} {lock} {other}", {"L", "W", "S"}), "L a W L {other}");
  EXPECT_EQ(ForDialect("id {serial}", {"", "", "KEY"}), "id KEY");
}

TEST(SqlRow, GivesNothingForWhatIsNotThere) {
  const SqlRow row({SqlValue(int64_t{7}), SqlValue("x"), SqlValue()});
  EXPECT_EQ(row.Integer(0), 7);
  EXPECT_EQ(row.Text(0), "");
  EXPECT_EQ(row.Text(1), "x");
  EXPECT_EQ(row.Integer(1), 0);
  EXPECT_TRUE(row.IsNull(2));
  EXPECT_TRUE(row.IsNull(3));
  EXPECT_EQ(row.Text(3), "");
}

TEST(SteadyUnixClock, StartsAtTheSystemsTime) {
  const int64_t before = std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::system_clock::now().time_since_epoch())
                             .count();
  const auto clock = SteadyUnixClock();
  const int64_t first = clock();
  EXPECT_GE(first, before);
  EXPECT_LT(first, before + 60'000);
  EXPECT_GE(clock(), first);
}

}  // namespace
}  // namespace plumb::store
