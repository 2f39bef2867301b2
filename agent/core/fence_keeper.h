// Remembers the highest grant of this board, so that a server that lost it cannot command it again.
#pragma once

#include <filesystem>
#include <mutex>

#include "common/base/status.h"
#include "common/rpc/messages.h"

namespace plumb::agent {

// Thread-safe. Another farm starts anew: its epochs have nothing to do with the first one's.
class FenceKeeper {
 public:
  // What was kept there is read now; empty: kept in memory only.
  explicit FenceKeeper(std::filesystem::path file = {});

  // Takes a command's fence. kAborted with lease_lost when a later grant was seen before. A fence
  // that could not be written down still holds until the agent ends.
  Status Admit(const rpc::Fence& fence);

 private:
  const std::filesystem::path file_;
  std::mutex mutex_;
  rpc::Fence highest_;
};

}  // namespace plumb::agent
