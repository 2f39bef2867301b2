// The tables, and how older ones become them.
#pragma once

#include "common/base/status.h"
#include "server/store/database.h"

namespace plumb::store {

constexpr int64_t kSchemaVersion = 4;

// Brings the tables to kSchemaVersion, each step in the same transaction. kFailedPrecondition when
// they are newer than this program: it changes nothing then.
Status Migrate(Database& database);

}  // namespace plumb::store
