// What only generation C exports: the batch calls and channels from memory.
#include <cstring>
#include <memory>

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

// The batch calls of an n_buf model: batch 1 is all that was compiled.
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
  return batch->u32BatchN == 1 ? MI_SUCCESS
                               : Refuse(E_IPU_ERR_INVALID_BATCH_NUM, "the batch number is not 1");
}

MI_S32 TakeBatch(MI_IPU_CHN number, Pool pool, MI_IPU_C_BatchInvokeParam_t* batch) {
  std::shared_ptr<Channel> channel;
  const MI_S32 error = FindForBatch(number, batch, channel);
  if (error != MI_SUCCESS) {
    return error;
  }
  BufferPool& buffers = (channel.get()->*pool)();
  return buffers.Take({batch->astArrayTensors, buffers.tensor_count()});
}

MI_S32 PutBatch(MI_IPU_CHN number, Pool pool, const MI_IPU_C_BatchInvokeParam_t* batch) {
  std::shared_ptr<Channel> channel;
  const MI_S32 error = FindForBatch(number, batch, channel);
  if (error != MI_SUCCESS) {
    return error;
  }
  BufferPool& buffers = (channel.get()->*pool)();
  return buffers.Put({batch->astArrayTensors, buffers.tensor_count()});
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
    const MI_S32 batch = plumb::virtual_ipu::CheckBatch(*attributes);
    if (batch != MI_SUCCESS) {
      return batch;
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
  return Guarded([&]() -> MI_S32 {
    std::shared_ptr<Channel> found;
    const MI_S32 error = FindForBatch(channel, batch, found);
    if (error != MI_SUCCESS) {
      return error;
    }
    // All inputs first, then all outputs.
    const size_t inputs = found->inputs().tensor_count();
    const size_t outputs = found->outputs().tensor_count();
    InvokeCosts costs;
    const MI_S32 number = found->InvokeTimed(
        {batch->astArrayTensors, inputs}, {batch->astArrayTensors + inputs, outputs}, costs);
    if (number == MI_SUCCESS && info != nullptr) {
      std::memset(info, 0, sizeof *info);
      info->u64IpuTime = costs.microseconds;
      info->u64BandWidthRead = costs.bytes_read;
      info->u64BandWidthWrite = costs.bytes_written;
      info->u64BandWidth = costs.bytes_read + costs.bytes_written;
    }
    return number;
  });
}

PLUMB_EXPORT MI_S32 MI_IPU_Invoke2Custom(MI_IPU_CHN channel,
                                         MI_IPU_C_BatchInvokeParam_t* batch,
                                         MI_IPU_C_RuntimeInfo_t* /*info*/) {
  return Guarded([&] {
    std::shared_ptr<Channel> found;
    const MI_S32 error = FindForBatch(channel, batch, found);
    return error != MI_SUCCESS
               ? error
               : Refuse(E_IPU_ERR_MISMATCH_INVOKE_FUNC, "Invoke2Custom is for one_buf models");
  });
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
