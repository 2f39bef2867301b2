// The buffers of one direction of a channel: taken, used, put back.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "agent/runner/abi/mi_base.h"
#include "agent/virtual_ipu/memory.h"
#include "common/base/status.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::virtual_ipu {

// Thread-safe. A set holds one buffer for each tensor of the direction.
class BufferPool {
 public:
  explicit BufferPool(Memory& memory) : memory_(memory) {}

  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  // `sets` of buffers that hold `stacked` batches each; 0 sets: the caller brings its own buffers.
  // kResourceExhausted: the heap is full.
  Status Allocate(std::span<const TensorDesc> descs, uint32_t sets, uint32_t stacked);

  [[nodiscard]] size_t tensor_count() const { return tensor_count_; }

  // Fills `tensors` (of tensor_count) from a free set; 5 when there is none.
  MI_S32 Take(std::span<MI_IPU_Tensor_t> tensors);
  // The same from `sets` sets, one behind the other; all or none.
  MI_S32 TakeSets(uint32_t sets, std::span<MI_IPU_Tensor_t> tensors);
  // 12 for buffers that are not of a taken set.
  MI_S32 Put(std::span<const MI_IPU_Tensor_t> tensors);

 private:
  struct BufferSet {
    std::vector<MI_IPU_Tensor_t> tensors;
    bool taken = false;
  };

  Memory& memory_;
  std::mutex mutex_;
  size_t tensor_count_ = 0;
  std::vector<BufferSet> sets_;
};

}  // namespace plumb::virtual_ipu
