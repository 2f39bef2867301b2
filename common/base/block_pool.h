// Blocks of memory that are used again: bytes on their way through the program cost no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "common/base/buffer.h"

namespace plumb {

// Hands out blocks of one size; a block comes back when the last Buffer over it is gone, also after
// the pool itself. Thread-safe. At most `kept` blocks wait to be used again; how many are out at
// once is the callers' matter.
class BlockPool {
 public:
  BlockPool(size_t block_size, size_t kept);
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  // A block on its way to becoming a Buffer: to be written by its only owner.
  struct Block {
    std::shared_ptr<void> owner;
    std::span<uint8_t> bytes;  // block_size() of them, of any content

    // The first `size` bytes, from now on not to be written.
    [[nodiscard]] Buffer Finish(size_t size) && {
      return Buffer::Wrap(std::move(owner), bytes.first(size));
    }
  };

  Block Take();

  [[nodiscard]] size_t block_size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace plumb
