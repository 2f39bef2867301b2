// A PostgreSQL of the test's own, in a temporary folder, reached through a socket in it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/status.h"
#include "common/base/subprocess.h"

namespace plumb::test {

class TemporaryPostgres {
 public:
  // Empty when PostgreSQL 15 is not installed. Everything of it is gone with the object.
  static std::optional<std::string> MissingBecause();
  static Result<std::unique_ptr<TemporaryPostgres>> Start();
  TemporaryPostgres(const TemporaryPostgres&) = delete;
  TemporaryPostgres& operator=(const TemporaryPostgres&) = delete;
  ~TemporaryPostgres();

  // An empty database of that name, as OpenStore takes it. The name is a plain word.
  Result<std::string> CreateDatabase(const std::string& name);
  // One statement on its own connection.
  Status Execute(const std::string& database, const std::string& statement);

  // SIGKILL to the server and all it started, as a crash would; and up again with what is on disk.
  void Crash();
  Status Restart();

 private:
  explicit TemporaryPostgres(std::string folder) : folder_(std::move(folder)) {}

  Status Initialize();
  Status Spawn();
  [[nodiscard]] std::string Address(const std::string& database) const;

  std::string folder_;
  std::optional<Subprocess> server_;
};

}  // namespace plumb::test
