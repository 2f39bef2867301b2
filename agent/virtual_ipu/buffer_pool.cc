#include "agent/virtual_ipu/buffer_pool.h"

#include <algorithm>

namespace plumb::virtual_ipu {

BufferPool::~BufferPool() {
  for (const auto& set : sets_) {
    for (const auto& tensor : set.tensors) {
      memory_.Unmap(tensor.ptTensorData[0]);
      memory_.Free(tensor.phyTensorAddr[0]);
    }
  }
}

Status BufferPool::Allocate(std::span<const TensorDesc> descs, uint32_t sets, uint32_t stacked) {
  const std::lock_guard lock(mutex_);
  tensor_count_ = descs.size();
  for (uint32_t i = 0; i < sets; ++i) {
    BufferSet& set = sets_.emplace_back();
    for (const auto& desc : descs) {
      // Even an empty tensor has an address.
      const uint64_t size = std::max<uint64_t>(desc.aligned_size * stacked, 1);
      const MI_PHY address = memory_.Allocate(size);
      if (address == 0) {
        return ResourceExhaustedError("no memory for a buffer of " + std::to_string(size) +
                                      " bytes");
      }
      MI_IPU_Tensor_t tensor{};
      tensor.phyTensorAddr[0] = address;
      tensor.ptTensorData[0] = memory_.Map(address, size);
      set.tensors.push_back(tensor);
    }
  }
  return OkStatus();
}

MI_S32 BufferPool::Take(std::span<MI_IPU_Tensor_t> tensors) {
  const std::lock_guard lock(mutex_);
  const auto set =
      std::find_if(sets_.begin(), sets_.end(), [](const BufferSet& s) { return !s.taken; });
  if (set == sets_.end()) {
    return E_IPU_ERR_NOBUF;
  }
  set->taken = true;
  std::copy(set->tensors.begin(), set->tensors.end(), tensors.begin());
  return MI_SUCCESS;
}

MI_S32 BufferPool::TakeSets(uint32_t sets, std::span<MI_IPU_Tensor_t> tensors) {
  for (uint32_t taken = 0; taken < sets; ++taken) {
    const MI_S32 number = Take(tensors.subspan(taken * tensor_count_, tensor_count_));
    if (number != MI_SUCCESS) {
      for (uint32_t i = 0; i < taken; ++i) {
        Put(tensors.subspan(i * tensor_count_, tensor_count_));
      }
      return number;
    }
  }
  return MI_SUCCESS;
}

MI_S32 BufferPool::Put(std::span<const MI_IPU_Tensor_t> tensors) {
  const std::lock_guard lock(mutex_);
  const auto set = std::find_if(sets_.begin(), sets_.end(), [&](const BufferSet& s) {
    return s.taken && std::equal(s.tensors.begin(),
                                 s.tensors.end(),
                                 tensors.begin(),
                                 tensors.end(),
                                 [](const MI_IPU_Tensor_t& a, const MI_IPU_Tensor_t& b) {
                                   return a.phyTensorAddr[0] == b.phyTensorAddr[0];
                                 });
  });
  if (set == sets_.end()) {
    return E_IPU_ERR_ILLEGAL_INPUT_OUTPUT_PARAM;
  }
  set->taken = false;
  return MI_SUCCESS;
}

}  // namespace plumb::virtual_ipu
