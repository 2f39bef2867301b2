// Database: one connection to an SQL engine, and a pool of them. What the two engines have in
// common is enough for the store's statements; where they differ a word in braces stands:
//   {lock}    "FOR UPDATE SKIP LOCKED" where rows are locked, nothing where the whole file is
//   {wait}    "FOR UPDATE", likewise
//   {serial}  the type of a key that counts up by itself
// Both know plumb_now(), the store's clock in milliseconds since 1970.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/status.h"

namespace plumb::store {

// Null, integer, real, text (UTF-8 without NUL).
using SqlValue = std::variant<std::monostate, int64_t, double, std::string>;

// One row of a result. Reading a column that is not there, or as what it is not, gives 0 or "":
// the statements are the program's own and name their columns.
class SqlRow {
 public:
  explicit SqlRow(std::vector<SqlValue> values) : values_(std::move(values)) {}

  [[nodiscard]] int64_t Integer(size_t column) const;
  [[nodiscard]] std::string Text(size_t column) const;
  [[nodiscard]] bool IsNull(size_t column) const;

 private:
  std::vector<SqlValue> values_;
};

using SqlRows = std::vector<SqlRow>;

// Not thread-safe. kAborted: the transaction lost against another and may be tried again;
// kUnavailable: the engine is gone, the next use connects anew.
class Database {
 public:
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  virtual ~Database() = default;

  // One statement with $1, $2, … for `values`. Text never becomes part of a statement.
  virtual Result<SqlRows> Execute(std::string_view statement, std::span<const SqlValue> values) = 0;

  Result<SqlRows> Execute(std::string_view statement, std::initializer_list<SqlValue> values = {}) {
    return Execute(statement, std::span<const SqlValue>(values.begin(), values.size()));
  }

  // In the transaction that migrates: keeps others from migrating until it ends, and makes
  // plumb_now() where it is missing.
  virtual Status Prepare() = 0;

  virtual Status Begin() = 0;
  virtual Status Commit() = 0;
  virtual void Rollback() = 0;
};

// Lends connections; at most as many calls as there are run at once, others wait their turn.
class DatabasePool {
 public:
  explicit DatabasePool(std::vector<std::unique_ptr<Database>> connections);

  // Runs `body` in a transaction that commits when it returns OK and leaves nothing behind when it
  // does not. A transaction that lost against another is tried again, five times at most.
  Status Transaction(const std::function<Status(Database& database)>& body);

 private:
  std::unique_ptr<Database> Take();
  void Return(std::unique_ptr<Database> connection);

  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Database>> idle_;
};

// `statement` with the words in braces replaced.
struct Dialect {
  std::string lock;
  std::string wait;
  std::string serial;
};

std::string ForDialect(std::string_view statement, const Dialect& dialect);

}  // namespace plumb::store
