// What only generation C exports: the batch calls and channels from memory.
#include <cstring>
#include <memory>
#include <string>

#include "agent/runner/abi/mi_functions_c.h"
#include "agent/virtual_ipu/exports.h"
#include "agent/virtual_ipu/guard.h"
#include "agent/virtual_ipu/ipu.h"
#include "agent/virtual_ipu/model_source.h"
#include "agent/virtual_ipu/report.h"

namespace {

using plumb::virtual_ipu::BufferPool;
using plumb::virtual_ipu::Channel;
using plumb::virtual_ipu::Guarded;
using plumb::virtual_ipu::InvokeCosts;
using plumb::virtual_ipu::Ipu;
using plumb::virtual_ipu::NullArgument;
using plumb::virtual_ipu::Refuse;

using Pool = BufferPool& (Channel::*)();

constexpr MI_U32 kMaxAffinity = 3;
constexpr MI_S32 kMostUrgent = -10;
constexpr MI_S32 kLeastUrgent = 39;

bool HasBatch(const plumb::npu::ChipSection& chip, MI_U32 batch) {
  return batch == chip.batch || (batch == 1 && !chip.one_buf);
}

MI_S32 FindForBatch(MI_IPU_CHN number,
                    const MI_IPU_C_BatchInvokeParam_t* batch,
                    std::shared_ptr<Channel>& channel) {
  const MI_S32 error = Ipu::Instance().Find(number, channel);
  if (error != MI_SUCCESS) {
    return error;
  }
  if (batch == nullptr) {
    return Refuse(E_IPU_ERR_NO_BATCH_PARAM, "a batch call without its parameters");
  }
  const auto& chip = *channel->model().chip;
  return HasBatch(chip, batch->u32BatchN)
             ? MI_SUCCESS
             : Refuse(E_IPU_ERR_INVALID_BATCH_NUM,
                      "batch " + std::to_string(batch->u32BatchN) +
                          ": the model was compiled for " + std::to_string(chip.batch));
}

// How many sets of a pool hold a call's batches.
MI_U32 SetsFor(const Channel& channel, const MI_IPU_C_BatchInvokeParam_t& batch) {
  return channel.model().chip->one_buf ? 1 : batch.u32BatchN;
}

MI_S32 TakeBatch(MI_IPU_CHN number, Pool pool, MI_IPU_C_BatchInvokeParam_t* batch) {
  std::shared_ptr<Channel> channel;
  const MI_S32 error = FindForBatch(number, batch, channel);
  if (error != MI_SUCCESS) {
    return error;
  }
  return (channel.get()->*pool)().TakeSets(SetsFor(*channel, *batch), batch->astArrayTensors);
}

MI_S32 PutBatch(MI_IPU_CHN number, Pool pool, const MI_IPU_C_BatchInvokeParam_t* batch) {
  std::shared_ptr<Channel> channel;
  MI_S32 error = FindForBatch(number, batch, channel);
  if (error != MI_SUCCESS) {
    return error;
  }
  BufferPool& buffers = (channel.get()->*pool)();
  const size_t count = buffers.tensor_count();
  for (MI_U32 set = 0; set < SetsFor(*channel, *batch); ++set) {
    const MI_S32 put = buffers.Put({batch->astArrayTensors + set * count, count});
    error = error == MI_SUCCESS ? put : error;
  }
  return error;
}

// A caller's own scratch memory: aligned, inside the heap, and for one pinned core.
MI_S32 CheckVariableBuffer(const MI_IPU_C_BatchInvokeParam_t& batch) {
  if (batch.u64VarBufPhyAddr == 0 && batch.u32VarBufSize == 0) {
    return MI_SUCCESS;
  }
  if (batch.u32IpuAffinity == 0 || batch.u32IpuAffinity == kMaxAffinity) {
    return Refuse(E_IPU_ERR_NOT_ASSIGN_CORE, "a variable buffer needs one pinned core");
  }
  if (batch.u64VarBufPhyAddr % plumb::kBufferAlignment != 0) {
    return Refuse(E_IPU_ERR_BAD_PHY_ADDR_ALIGNMENT, "the variable buffer is not 64-byte aligned");
  }
  return Ipu::Instance().memory().At(batch.u64VarBufPhyAddr, batch.u32VarBufSize) != nullptr
             ? MI_SUCCESS
             : Refuse(E_IPU_ERR_INVALID_VARIABLE_BUFFER, "the variable buffer is not in the heap");
}

MI_S32 CheckChoices(const MI_IPU_C_BatchInvokeParam_t& batch) {
  if (batch.s32TaskPrio < kMostUrgent || batch.s32TaskPrio > kLeastUrgent) {
    return Refuse(E_IPU_ERR_INVALID_TASK_PRIORITY, "priorities go from -10 to 39");
  }
  if (batch.u32IpuAffinity > kMaxAffinity) {
    return Refuse(E_IPU_ERR_NO_AVAILABLE_DEV, "an affinity is 0 to 3");
  }
  return CheckVariableBuffer(batch);
}

MI_S32 InvokeBatch(MI_IPU_CHN number,
                   const MI_IPU_C_BatchInvokeParam_t* batch,
                   MI_IPU_C_RuntimeInfo_t* info,
                   bool custom) {
  std::shared_ptr<Channel> channel;
  MI_S32 error = FindForBatch(number, batch, channel);
  if (error != MI_SUCCESS) {
    return error;
  }
  if (channel->model().chip->one_buf != custom) {
    return Refuse(E_IPU_ERR_MISMATCH_INVOKE_FUNC,
                  custom ? "Invoke2Custom is for one_buf models" : "Invoke2 is for n_buf models");
  }
  error = CheckChoices(*batch);
  if (error != MI_SUCCESS) {
    return error;
  }
  InvokeCosts costs;
  error = channel->InvokeBatch({batch->astArrayTensors, batch->u32BatchN, batch->u32IpuAffinity},
                               costs);
  if (error == MI_SUCCESS && info != nullptr) {
    std::memset(info, 0, sizeof *info);
    info->u64IpuTime = costs.microseconds;
    info->u64BandWidthRead = costs.bytes_read;
    info->u64BandWidthWrite = costs.bytes_written;
    info->u64BandWidth = costs.bytes_read + costs.bytes_written;
  }
  return error;
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): the names are the interface's.
extern "C" {

PLUMB_EXPORT MI_S32 MI_IPU_CreateCHNWithUserMem(MI_IPU_CHN* channel,
                                                MI_IPU_C_ChnAttr_t* attributes,
                                                MI_PHY model) {
  return Guarded([&]() -> MI_S32 {
    if (channel == nullptr || attributes == nullptr) {
      return NullArgument("MI_IPU_CreateCHNWithUserMem");
    }
    if (model % plumb::kBufferAlignment != 0) {
      return Refuse(E_IPU_ERR_BAD_PHY_ADDR_ALIGNMENT, "the model is not 64-byte aligned");
    }
    Ipu& ipu = Ipu::Instance();
    return ipu.CreateChannel(plumb::virtual_ipu::ModelInMemory(ipu.memory(), model),
                             plumb::virtual_ipu::DepthsOf(*attributes),
                             *channel);
  });
}

PLUMB_EXPORT MI_S32 MI_IPU_GetInputTensors2(MI_IPU_CHN channel,
                                            MI_IPU_C_BatchInvokeParam_t* batch) {
  return Guarded([&] { return TakeBatch(channel, &Channel::inputs, batch); });
}

PLUMB_EXPORT MI_S32 MI_IPU_PutInputTensors2(MI_IPU_CHN channel,
                                            MI_IPU_C_BatchInvokeParam_t* batch) {
  return Guarded([&] { return PutBatch(channel, &Channel::inputs, batch); });
}

PLUMB_EXPORT MI_S32 MI_IPU_GetOutputTensors2(MI_IPU_CHN channel,
                                             MI_IPU_C_BatchInvokeParam_t* batch) {
  return Guarded([&] { return TakeBatch(channel, &Channel::outputs, batch); });
}

PLUMB_EXPORT MI_S32 MI_IPU_PutOutputTensors2(MI_IPU_CHN channel,
                                             MI_IPU_C_BatchInvokeParam_t* batch) {
  return Guarded([&] { return PutBatch(channel, &Channel::outputs, batch); });
}

PLUMB_EXPORT MI_S32 MI_IPU_Invoke2(MI_IPU_CHN channel,
                                   MI_IPU_C_BatchInvokeParam_t* batch,
                                   MI_IPU_C_RuntimeInfo_t* info) {
  return Guarded([&] { return InvokeBatch(channel, batch, info, false); });
}

PLUMB_EXPORT MI_S32 MI_IPU_Invoke2Custom(MI_IPU_CHN channel,
                                         MI_IPU_C_BatchInvokeParam_t* batch,
                                         MI_IPU_C_RuntimeInfo_t* info) {
  return Guarded([&] { return InvokeBatch(channel, batch, info, true); });
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
