// One channel of the virtual IPU: a model, its buffers, and what Invoke does to them.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "agent/runner/abi/mi_base.h"
#include "agent/virtual_ipu/buffer_pool.h"
#include "agent/virtual_ipu/cores.h"
#include "agent/virtual_ipu/garbage.h"
#include "agent/virtual_ipu/memory.h"
#include "agent/virtual_ipu/settings.h"
#include "common/base/status.h"
#include "common/npu/kernels_fast/executor.h"
#include "common/npu/model/model.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::virtual_ipu {

// How many sets of buffers each direction has; 0: the caller brings its own. Each set of an n_buf
// model is for one of `batch` batches, of a one_buf model for all of them.
struct ChannelDepths {
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  uint32_t batch = 1;
};

// One of the batch calls. Tensors: all inputs, then all outputs; of an n_buf model batch by batch.
struct BatchCall {
  std::span<const MI_IPU_Tensor_t> tensors;
  uint32_t batch = 1;
  uint32_t affinity = 0;  // as Cores::Claim
};

// What an Invoke took.
struct InvokeCosts {
  uint64_t microseconds = 0;
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
};

// Thread-safe; Invokes of one channel run one after the other. `memory` must outlive it.
class Channel {
 public:
  // `model` must have a chip section of the family in `settings`. kResourceExhausted when the
  // buffers do not fit into the heap.
  static Result<std::unique_ptr<Channel>> Create(npu::FixedModel model,
                                                 ChannelDepths depths,
                                                 const Settings& settings,
                                                 Memory& memory,
                                                 Cores& cores);

  [[nodiscard]] std::span<const TensorDesc> input_descs() const { return input_descs_; }

  // As reported, which may be a lie.
  [[nodiscard]] std::span<const TensorDesc> output_descs() const { return output_descs_; }

  BufferPool& inputs() { return inputs_; }

  BufferPool& outputs() { return outputs_; }

  // MI_SUCCESS or an E_IPU_ERR number: 6 for an address outside the heap or a mapping that is not
  // of it, 52 for a misaligned one, 53 for a one_buf model, 17 when the network cannot be computed.
  MI_S32 Invoke(std::span<const MI_IPU_Tensor_t> inputs, std::span<const MI_IPU_Tensor_t> outputs);

  // The same for either kind of model; 35 for a core the chip has not. `costs` is set on success.
  MI_S32 InvokeBatch(const BatchCall& call, InvokeCosts& costs);

  void SetTap(npu::LayerTap tap);

  [[nodiscard]] const npu::FixedModel& model() const { return *model_; }

 private:
  using Values = std::vector<std::vector<int16_t>>;

  // Gives its core back.
  class OnCore;

  Channel(const Settings& settings, Memory& memory, Cores& cores);
  MI_S32 InvokeOne(std::span<const MI_IPU_Tensor_t> inputs,
                   std::span<const MI_IPU_Tensor_t> outputs);
  Status Prepare(npu::FixedModel model, ChannelDepths depths);
  MI_S32 Resolve(std::span<const MI_IPU_Tensor_t> tensors,
                 std::span<const TensorDesc> descs,
                 std::vector<std::span<uint8_t>>& buffers);
  Status Compute(std::span<const std::span<uint8_t>> inputs);
  Status RunOnZeros();
  Status RunExecutor();
  void AddNoise();
  Status WriteOutputs(std::span<const std::span<uint8_t>> outputs);
  void DestroyFloatInputs(std::span<const std::span<uint8_t>> inputs);

  Settings settings_;
  Memory& memory_;
  Cores& cores_;
  std::mutex mutex_;
  std::shared_ptr<const npu::FixedModel> model_;
  std::vector<TensorDesc> input_descs_;
  std::vector<TensorDesc> output_descs_;  // as reported, which may be a lie
  std::unique_ptr<npu::FastExecutor> executor_;
  BufferPool inputs_;
  BufferPool outputs_;
  Garbage garbage_;
  npu::LayerTap tap_;
  Values input_values_;
  Values output_values_;
  uint64_t invocations_ = 0;
};

}  // namespace plumb::virtual_ipu
