// What every generation of MI_IPU exports: checks arguments, finds the channel, calls it.
#include <memory>
#include <span>
#include <vector>

#include "agent/virtual_ipu/exports.h"
#include "agent/virtual_ipu/generation.h"
#include "agent/virtual_ipu/guard.h"
#include "agent/virtual_ipu/ipu.h"
#include "agent/virtual_ipu/model_source.h"
#include "agent/virtual_ipu/report.h"

namespace {

using plumb::virtual_ipu::Abi;
using plumb::virtual_ipu::BufferPool;
using plumb::virtual_ipu::Channel;
using plumb::virtual_ipu::Guarded;
using plumb::virtual_ipu::Ipu;
using plumb::virtual_ipu::NullArgument;
using plumb::virtual_ipu::Refuse;

using Pool = BufferPool& (Channel::*)();

MI_S32 Take(MI_IPU_CHN number, Pool pool, Abi::TensorVector* tensors) {
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

MI_S32 Put(MI_IPU_CHN number, Pool pool, const Abi::TensorVector* tensors) {
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

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): the names are the interface's.
extern "C" {

PLUMB_EXPORT MI_S32 MI_IPU_CreateDevice(Abi::DevAttr* attributes,
                                        SerializedReadFunc read,
                                        char* ctx,
                                        MI_U32 /*firmware_size*/) {
  // With a read function ctx is the function's own, not a path.
  const char* firmware = read == nullptr ? ctx : nullptr;
  return Guarded([&] {
    return attributes == nullptr
               ? NullArgument("MI_IPU_CreateDevice")
               : Ipu::Instance().CreateDevice(attributes->u32MaxVariableBufSize, firmware);
  });
}

PLUMB_EXPORT MI_S32 MI_IPU_DestroyDevice(void) {
  return Guarded([] { return Ipu::Instance().DestroyDevice(); });
}

PLUMB_EXPORT MI_S32 MI_IPU_CreateCHN(MI_IPU_CHN* channel,
                                     Abi::ChnAttr* attributes,
                                     SerializedReadFunc read,
                                     char* ctx) {
  return Guarded([&]() -> MI_S32 {
    if (channel == nullptr || attributes == nullptr) {
      return NullArgument("MI_IPU_CreateCHN");
    }
    return Ipu::Instance().CreateChannel(plumb::virtual_ipu::ReadModel(read, ctx),
                                         plumb::virtual_ipu::DepthsOf(*attributes),
                                         *channel);
  });
}

PLUMB_EXPORT MI_S32 MI_IPU_DestroyCHN(MI_IPU_CHN channel) {
  return Guarded([&] { return Ipu::Instance().DestroyChannel(channel); });
}

PLUMB_EXPORT MI_S32 MI_IPU_GetInOutTensorDesc(MI_IPU_CHN channel, Abi::SubNetDesc* desc) {
  return Guarded([&] {
    std::shared_ptr<Channel> found;
    const MI_S32 error = Ipu::Instance().Find(channel, found);
    if (error == MI_SUCCESS && desc != nullptr) {
      plumb::virtual_ipu::Describe(found->input_descs(), found->output_descs(), *desc);
    }
    return error == MI_SUCCESS && desc == nullptr ? NullArgument("MI_IPU_GetInOutTensorDesc")
                                                  : error;
  });
}

PLUMB_EXPORT MI_S32 MI_IPU_GetInputTensors(MI_IPU_CHN channel, Abi::TensorVector* tensors) {
  return Guarded([&] { return Take(channel, &Channel::inputs, tensors); });
}

PLUMB_EXPORT MI_S32 MI_IPU_PutInputTensors(MI_IPU_CHN channel, Abi::TensorVector* tensors) {
  return Guarded([&] { return Put(channel, &Channel::inputs, tensors); });
}

PLUMB_EXPORT MI_S32 MI_IPU_GetOutputTensors(MI_IPU_CHN channel, Abi::TensorVector* tensors) {
  return Guarded([&] { return Take(channel, &Channel::outputs, tensors); });
}

PLUMB_EXPORT MI_S32 MI_IPU_PutOutputTensors(MI_IPU_CHN channel, Abi::TensorVector* tensors) {
  return Guarded([&] { return Put(channel, &Channel::outputs, tensors); });
}

PLUMB_EXPORT MI_S32 MI_IPU_Invoke(MI_IPU_CHN channel,
                                  Abi::TensorVector* inputs,
                                  Abi::TensorVector* outputs) {
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

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
