// One output buffer of the child, read in order through the ring, from anywhere as often as wanted.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

#include "common/base/block_pool.h"
#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/ring/child_session.h"

namespace plumb {

class OutputStream {
 public:
  // Output `index` of `size` bytes; each chunk may take `timeout`.
  OutputStream(ChildSession& session,
               uint32_t index,
               uint64_t size,
               std::chrono::milliseconds timeout)
      : session_(session),
        index_(index),
        size_(size),
        step_{"reading an output", timeout},
        blocks_(ring::kSlotSize, ring::kSlotCount) {}

  // The next chunk is the one at `offset` (≤ size).
  Status Seek(uint64_t offset);
  // Up to kSlotSize bytes, copied out of the ring; empty at the end.
  Result<Buffer> Next();

 private:
  Status Request();
  Result<ring::Transfer> Await();

  ChildSession& session_;
  uint32_t index_;
  uint64_t size_;
  Step step_;
  BlockPool blocks_;
  uint64_t requested_ = 0;  // up to here
  uint32_t next_slot_ = 0;
  std::deque<ring::Transfer> waiting_;  // at most kSlotCount
};

}  // namespace plumb
