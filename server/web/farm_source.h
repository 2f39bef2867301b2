// Fills a FarmView from the store.
#pragma once

#include "common/base/status.h"
#include "server/store/store.h"
#include "server/web/farm_view.h"

namespace plumb::server {

// At most this many waiting runs are listed and explained.
constexpr size_t kMaxShownQueue = 50;

// Blocks as the store does. The queue is looked for among the newest 1000 runs.
Result<FarmView> ReadFarm(store::Store& store);

}  // namespace plumb::server
