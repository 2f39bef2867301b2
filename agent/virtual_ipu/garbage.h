// Random bytes for every place where a chip leaves whatever was there.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <span>

#include "common/tensor/tensor_desc.h"

namespace plumb::virtual_ipu {

// Without a seed the system gives one: no two processes and no two calls give the same. With one,
// every process gives the same. Not thread-safe.
class Garbage {
 public:
  explicit Garbage(std::optional<uint64_t> seed)
      : engine_(seed ? *seed : uint64_t{std::random_device{}()}) {}

  void Fill(std::span<uint8_t> bytes);
  // Everything in `buffer` that is not valid by `region`.
  void FillPadding(const ValidRegion& region, std::span<uint8_t> buffer);

  // A number below `limit` (> 0).
  uint64_t Below(uint64_t limit) { return engine_() % limit; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace plumb::virtual_ipu
