#include "server/store/database.h"

#include <array>
#include <utility>

namespace plumb::store {
namespace {

constexpr int kMaxTries = 5;

Status Try(Database& database, const std::function<Status(Database&)>& body) {
  PLUMB_RETURN_IF_ERROR(database.Begin());
  Status status = body(database);
  if (status.ok()) {
    status = database.Commit();
  }
  if (!status.ok()) {
    database.Rollback();
  }
  return status;
}

// A lost transaction, as against kAborted with a reason: a lease that is lost stays lost.
bool LostRace(const Status& status) {
  return status.code() == StatusCode::kAborted && status.reason().empty();
}

}  // namespace

int64_t SqlRow::Integer(size_t column) const {
  if (column >= values_.size()) {
    return 0;
  }
  const int64_t* value = std::get_if<int64_t>(&values_[column]);
  return value != nullptr ? *value : 0;
}

std::string SqlRow::Text(size_t column) const {
  if (column >= values_.size()) {
    return "";
  }
  const std::string* value = std::get_if<std::string>(&values_[column]);
  return value != nullptr ? *value : "";
}

bool SqlRow::IsNull(size_t column) const {
  return column >= values_.size() || std::holds_alternative<std::monostate>(values_[column]);
}

DatabasePool::DatabasePool(std::vector<std::unique_ptr<Database>> connections)
    : idle_(std::move(connections)) {}

std::unique_ptr<Database> DatabasePool::Take() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return !idle_.empty(); });
  std::unique_ptr<Database> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void DatabasePool::Return(std::unique_ptr<Database> connection) {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

Status DatabasePool::Transaction(const std::function<Status(Database& database)>& body) {
  std::unique_ptr<Database> connection = Take();
  Status status = Try(*connection, body);
  for (int tries = 1; tries < kMaxTries && LostRace(status); ++tries) {
    status = Try(*connection, body);
  }
  Return(std::move(connection));
  return LostRace(status) ? UnavailableError(status.message()) : status;
}

std::string ForDialect(std::string_view statement, const Dialect& dialect) {
  const std::array<std::pair<std::string_view, const std::string*>, 3> words = {
      {{"{lock}", &dialect.lock}, {"{wait}", &dialect.wait}, {"{serial}", &dialect.serial}}};
  std::string text(statement);
  for (const auto& [word, replacement] : words) {
    for (size_t at = text.find(word); at != std::string::npos;
         at = text.find(word, at + replacement->size())) {
      text.replace(at, word.size(), *replacement);
    }
  }
  return text;
}

}  // namespace plumb::store
