// XXH3-64 over the valid bytes of an output while its raw bytes arrive in order.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "common/tensor/tensor_desc.h"

namespace plumb::archive {

// Not thread-safe; movable.
class ValidDigest {
 public:
  explicit ValidDigest(const ValidRegion& region);

  // The raw bytes that follow those of the last call, padding included.
  void Update(std::span<const uint8_t> raw);
  // Of all valid bytes so far.
  [[nodiscard]] uint64_t value() const;

 private:
  struct Deleter {
    void operator()(void* state) const;
  };

  ValidRegion region_;
  uint64_t position_ = 0;
  std::unique_ptr<void, Deleter> state_;  // XXH3_state_t
};

uint64_t ValidDigestOf(const ValidRegion& region, std::span<const uint8_t> raw);

}  // namespace plumb::archive
