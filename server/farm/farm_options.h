// How a server takes part in the farm, and what it is told.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "common/base/status.h"
#include "server/store/records.h"

namespace plumb::server {

struct FarmOptions {
  std::string server = "server";  // its name, unique among those that share the store
  std::chrono::milliseconds time_to_live{15'000};  // of leases and of boards not seen
  std::chrono::milliseconds poll{1'000};           // how soon it sees what other servers did
};

struct FarmEvents {
  // A run has a board of this server. Answer with Begin, Finish or GiveBack.
  std::function<void(store::Grant grant)> on_grant;
  // The lease is no longer this server's, or may soon be another's: stop using the board. Once for
  // a lease, and not for one that is being finished.
  std::function<void(const store::Lease& lease, const Status& why)> on_lost;
  // A followed run, whenever it was looked at.
  std::function<void(const store::RunRecord& run)> on_looked_at;
  // How many more runs may be granted at this moment.
  std::function<size_t()> capacity;
};

}  // namespace plumb::server
