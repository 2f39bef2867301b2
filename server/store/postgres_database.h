// The shared engine: PostgreSQL 15 or newer through libpq.
#pragma once

#include <memory>
#include <string>

#include "server/store/database.h"

namespace plumb::store {

// `address` as libpq takes it, a URL or key=value words. Connects at once and again whenever the
// connection is lost. No statement takes longer than about ten seconds: the engine gives up after
// five (statement_timeout), a silent network is noticed here. kUnavailable when it cannot be
// reached; passwords are never part of a message.
Result<std::unique_ptr<Database>> OpenPostgres(const std::string& address);

}  // namespace plumb::store
