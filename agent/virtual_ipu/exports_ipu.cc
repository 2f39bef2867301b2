// MI_IPU of generation C as the virtual chip exports it: checks arguments, finds the channel, calls
// it.
#include <memory>
#include <span>
#include <vector>

#include "agent/runner/abi/mi_functions_c.h"
#include "agent/virtual_ipu/guard.h"
#include "agent/virtual_ipu/ipu.h"
#include "agent/virtual_ipu/model_source.h"
#include "agent/virtual_ipu/report.h"

namespace {

using plumb::virtual_ipu::BufferPool;
using plumb::virtual_ipu::Channel;
using plumb::virtual_ipu::Guarded;
using plumb::virtual_ipu::Ipu;
using plumb::virtual_ipu::Refuse;

using Pool = BufferPool& (Channel::*)();

MI_S32 NullArgument(const char* call) {
  return Refuse(E_IPU_ERR_BADADDR, std::string(call) + ": an argument is NULL");
}

MI_S32 Take(MI_IPU_CHN number, Pool pool, MI_IPU_C_TensorVector_t* tensors) {
  std::shared_ptr<Channel> channel;
  const MI_S32 error = Ipu::Instance().Find(number, channel);
  if (error != MI_SUCCESS) {
    return error;
  }
  if (tensors == nullptr) {
    return NullArgument("Get…Tensors");
  }
  BufferPool& buffers = (channel.get()->*pool)();
  tensors->u32TensorCount = static_cast<MI_U32>(buffers.tensor_count());
  return buffers.Take({tensors->astArrayTensors, buffers.tensor_count()});
}

MI_S32 Put(MI_IPU_CHN number, Pool pool, const MI_IPU_C_TensorVector_t* tensors) {
  std::shared_ptr<Channel> channel;
  const MI_S32 error = Ipu::Instance().Find(number, channel);
  if (error != MI_SUCCESS) {
    return error;
  }
  if (tensors == nullptr) {
    return NullArgument("Put…Tensors");
  }
  BufferPool& buffers = (channel.get()->*pool)();
  if (tensors->u32TensorCount != buffers.tensor_count()) {
    return E_IPU_ERR_ILLEGAL_INPUT_OUTPUT_PARAM;
  }
  return buffers.Put({tensors->astArrayTensors, buffers.tensor_count()});
}

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

#define PLUMB_EXPORT __attribute__((visibility("default")))

// NOLINTBEGIN(readability-identifier-naming): the names are the interface's.
extern "C" {

PLUMB_EXPORT MI_S32 MI_IPU_GetOfflineModeStaticInfo(SerializedReadFunc read,
                                                    char* ctx,
                                                    MI_IPU_C_OfflineModelStaticInfo_t* info) {
  return Guarded([&] {
    return info == nullptr
               ? NullArgument("MI_IPU_GetOfflineModeStaticInfo")
               : Ipu::Instance().StaticInfo(plumb::virtual_ipu::ReadModel(read, ctx), *info);
  });
}

PLUMB_EXPORT MI_S32 MI_IPU_CreateDevice(MI_IPU_C_DevAttr_t* attributes,
                                        SerializedReadFunc read,
                                        char* ctx,
                                        MI_U32 /*firmware_size*/) {
  // With a read function ctx is the function's own, not a path.
  const char* firmware = read == nullptr ? ctx : nullptr;
  return Guarded([&] {
    return attributes == nullptr ? NullArgument("MI_IPU_CreateDevice")
                                 : Ipu::Instance().CreateDevice(*attributes, firmware);
  });
}

PLUMB_EXPORT MI_S32 MI_IPU_DestroyDevice(void) {
  return Guarded([] { return Ipu::Instance().DestroyDevice(); });
}

PLUMB_EXPORT MI_S32 MI_IPU_CreateCHN(MI_IPU_CHN* channel,
                                     MI_IPU_C_ChnAttr_t* attributes,
                                     SerializedReadFunc read,
                                     char* ctx) {
  return Guarded([&] {
    return channel == nullptr || attributes == nullptr
               ? NullArgument("MI_IPU_CreateCHN")
               : Ipu::Instance().CreateChannel(
                     plumb::virtual_ipu::ReadModel(read, ctx), *attributes, *channel);
  });
}

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
    return ipu.CreateChannel(
        plumb::virtual_ipu::ModelInMemory(ipu.memory(), model), *attributes, *channel);
  });
}

PLUMB_EXPORT MI_S32 MI_IPU_DestroyCHN(MI_IPU_CHN channel) {
  return Guarded([&] { return Ipu::Instance().DestroyChannel(channel); });
}

PLUMB_EXPORT MI_S32 MI_IPU_GetInOutTensorDesc(MI_IPU_CHN channel,
                                              MI_IPU_C_SubNet_InputOutputDesc_t* desc) {
  return Guarded([&] {
    std::shared_ptr<Channel> found;
    const MI_S32 error = Ipu::Instance().Find(channel, found);
    if (error == MI_SUCCESS && desc != nullptr) {
      found->Describe(*desc);
    }
    return error == MI_SUCCESS && desc == nullptr ? NullArgument("MI_IPU_GetInOutTensorDesc")
                                                  : error;
  });
}

PLUMB_EXPORT MI_S32 MI_IPU_GetInputTensors(MI_IPU_CHN channel, MI_IPU_C_TensorVector_t* tensors) {
  return Guarded([&] { return Take(channel, &Channel::inputs, tensors); });
}

PLUMB_EXPORT MI_S32 MI_IPU_PutInputTensors(MI_IPU_CHN channel, MI_IPU_C_TensorVector_t* tensors) {
  return Guarded([&] { return Put(channel, &Channel::inputs, tensors); });
}

PLUMB_EXPORT MI_S32 MI_IPU_GetOutputTensors(MI_IPU_CHN channel, MI_IPU_C_TensorVector_t* tensors) {
  return Guarded([&] { return Take(channel, &Channel::outputs, tensors); });
}

PLUMB_EXPORT MI_S32 MI_IPU_PutOutputTensors(MI_IPU_CHN channel, MI_IPU_C_TensorVector_t* tensors) {
  return Guarded([&] { return Put(channel, &Channel::outputs, tensors); });
}

PLUMB_EXPORT MI_S32 MI_IPU_Invoke(MI_IPU_CHN channel,
                                  MI_IPU_C_TensorVector_t* inputs,
                                  MI_IPU_C_TensorVector_t* outputs) {
  return Guarded([&]() -> MI_S32 {
    std::shared_ptr<Channel> found;
    const MI_S32 error = Ipu::Instance().Find(channel, found);
    if (error != MI_SUCCESS) {
      return error;
    }
    if (inputs == nullptr || outputs == nullptr) {
      return NullArgument("MI_IPU_Invoke");
    }
    if (inputs->u32TensorCount != found->inputs().tensor_count() ||
        outputs->u32TensorCount != found->outputs().tensor_count()) {
      return Refuse(E_IPU_ERR_ILLEGAL_INPUT_OUTPUT_PARAM, "tensor counts are not the model's");
    }
    return found->Invoke({inputs->astArrayTensors, inputs->u32TensorCount},
                         {outputs->astArrayTensors, outputs->u32TensorCount});
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
    return found->InvokeTimed(
        {batch->astArrayTensors, inputs}, {batch->astArrayTensors + inputs, outputs}, info);
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
