// The functions of MI_IPU, found in a library, for any generation. C++14.
//
// Attributes and tensor vectors of the older generations are beginnings of the later ones'
// (asserted in mi_api.cc), so the longest struct serves all: the library reads and writes what it
// knows of it. Descriptors are not: mi_descriptors.h reads them.
#pragma once

#include "agent/runner/abi/types.h"
#include "agent/runner/mi_library.h"
#include "common/ring/child.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

using DevAttr = MI_IPU_C_DevAttr_t;
using ChnAttr = MI_IPU_C_ChnAttr_t;
using StaticInfo = MI_IPU_C_OfflineModelStaticInfo_t;
using TensorVector = MI_IPU_B61_TensorVector_t;
using BatchParam = MI_IPU_C_BatchInvokeParam_t;
using RuntimeInfo = MI_IPU_C_RuntimeInfo_t;

struct Api {
  MI_S32 (*create_device)(DevAttr*, SerializedReadFunc, char*, MI_U32) = nullptr;
  MI_S32 (*destroy_device)() = nullptr;
  MI_S32 (*create_channel)(MI_IPU_CHN*, ChnAttr*, SerializedReadFunc, char*) = nullptr;
  MI_S32 (*destroy_channel)(MI_IPU_CHN) = nullptr;
  MI_S32 (*get_desc)(MI_IPU_CHN, void*) = nullptr;  // Descriptors::room()
  MI_S32 (*get_inputs)(MI_IPU_CHN, TensorVector*) = nullptr;
  MI_S32 (*put_inputs)(MI_IPU_CHN, TensorVector*) = nullptr;
  MI_S32 (*get_outputs)(MI_IPU_CHN, TensorVector*) = nullptr;
  MI_S32 (*put_outputs)(MI_IPU_CHN, TensorVector*) = nullptr;
  MI_S32 (*invoke)(MI_IPU_CHN, TensorVector*, TensorVector*) = nullptr;
  // Not in generation 0.
  MI_S32 (*static_info)(SerializedReadFunc, char*, StaticInfo*) = nullptr;
  // Generation C alone.
  MI_S32 (*invoke2)(MI_IPU_CHN, BatchParam*, RuntimeInfo*) = nullptr;
  MI_S32 (*invoke2_custom)(MI_IPU_CHN, BatchParam*, RuntimeInfo*) = nullptr;

  // kRuntimeUnavailable names the functions that the library's generation must have and it lacks.
  ring::Outcome Bind(const Library& library);
};

// How many tensors and channels a generation can hold.
MI_U32 MaxTensors(Generation generation);
MI_U32 MaxChannels(Generation generation);

// Zero but for the depths (and batch 1 where there are batches).
ChnAttr ChannelAttributes(MI_U32 depth);

}  // namespace mi
}  // namespace plumb
