// What the store's conformance suite runs against: an engine with a clock that the test moves.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/status.h"
#include "server/store/store.h"

namespace plumb::test {

class StoreSubject {
 public:
  StoreSubject() = default;
  StoreSubject(const StoreSubject&) = delete;
  StoreSubject& operator=(const StoreSubject&) = delete;
  virtual ~StoreSubject() = default;

  // The same tables each time. SQLite allows one at a time.
  virtual Result<std::unique_ptr<store::Store>> Open() = 0;
  virtual Status Advance(int64_t ms) = 0;
  // One statement past the store, for what only another program would do.
  virtual Status Execute(const std::string& statement) = 0;
};

// Empty tables. "sqlite" or "postgresql".
Result<std::unique_ptr<StoreSubject>> MakeStoreSubject(const std::string& engine);

}  // namespace plumb::test
