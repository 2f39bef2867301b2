// The cores of the chip: each runs one Invoke at a time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "common/tensor/family.h"

namespace plumb::virtual_ipu {

// Thread-safe. Of one process: another process has a chip of its own.
class Cores {
 public:
  explicit Cores(uint32_t count) : busy_(count, false) {}

  // Two in family S3, one elsewhere.
  static uint32_t CountOf(Family family);

  // Waits for a core of `affinity` (0 and 3: any; 1: the first; 2: the second). Empty: the chip has
  // no such core.
  std::optional<uint32_t> Claim(uint32_t affinity);
  void Release(uint32_t core);

 private:
  [[nodiscard]] static bool Allows(uint32_t affinity, size_t core);

  std::mutex mutex_;
  std::condition_variable released_;
  std::vector<bool> busy_;
};

}  // namespace plumb::virtual_ipu
