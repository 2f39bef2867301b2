// The interface's types by generation, for code that is written once for all of them. C++14.
#pragma once

#include "agent/runner/abi/mi_ipu_gen_0.h"
#include "agent/runner/abi/mi_ipu_gen_b.h"
#include "agent/runner/abi/mi_ipu_gen_c.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

struct Types0 {
  static constexpr MI_U32 kMaxTensors = MI_IPU_0_MAX_TENSORS;
  static constexpr MI_U32 kMaxDims = MI_IPU_0_MAX_DIMS;
  static constexpr MI_U32 kMaxChannels = MI_IPU_0_MAX_CHANNELS;
  // Whether MI_IPU_GetOfflineModeStaticInfo exists.
  static constexpr bool kHasStaticInfo = false;

  using SubNetDesc = MI_IPU_0_SubNet_InputOutputDesc_t;
  using TensorDesc = MI_IPU_0_TensorDesc_t;
  using TensorVector = MI_IPU_0_TensorVector_t;
  using DevAttr = MI_IPU_B_DevAttr_t;
  using ChnAttr = MI_IPU_B_ChnAttr_t;
  using StaticInfo = MI_IPU_B_OfflineModelStaticInfo_t;
};

struct TypesB13 {
  static constexpr MI_U32 kMaxTensors = MI_IPU_B13_MAX_TENSORS;
  static constexpr MI_U32 kMaxDims = MI_IPU_B_MAX_DIMS;
  static constexpr MI_U32 kMaxChannels = MI_IPU_B_MAX_CHANNELS;
  static constexpr bool kHasStaticInfo = true;

  using SubNetDesc = MI_IPU_B13_SubNet_InputOutputDesc_t;
  using TensorDesc = MI_IPU_B_TensorDesc_t;
  using TensorVector = MI_IPU_B13_TensorVector_t;
  using DevAttr = MI_IPU_B_DevAttr_t;
  using ChnAttr = MI_IPU_B_ChnAttr_t;
  using StaticInfo = MI_IPU_B_OfflineModelStaticInfo_t;
};

struct TypesB61 {
  static constexpr MI_U32 kMaxTensors = MI_IPU_B61_MAX_TENSORS;
  static constexpr MI_U32 kMaxDims = MI_IPU_B_MAX_DIMS;
  static constexpr MI_U32 kMaxChannels = MI_IPU_B_MAX_CHANNELS;
  static constexpr bool kHasStaticInfo = true;

  using SubNetDesc = MI_IPU_B61_SubNet_InputOutputDesc_t;
  using TensorDesc = MI_IPU_B_TensorDesc_t;
  using TensorVector = MI_IPU_B61_TensorVector_t;
  using DevAttr = MI_IPU_B_DevAttr_t;
  using ChnAttr = MI_IPU_B_ChnAttr_t;
  using StaticInfo = MI_IPU_B_OfflineModelStaticInfo_t;
};

struct TypesC {
  static constexpr MI_U32 kMaxTensors = MI_IPU_C_MAX_TENSORS;
  static constexpr MI_U32 kMaxDims = MI_IPU_C_MAX_DIMS;
  static constexpr MI_U32 kMaxChannels = MI_IPU_C_MAX_CHANNELS;
  static constexpr bool kHasStaticInfo = true;

  using SubNetDesc = MI_IPU_C_SubNet_InputOutputDesc_t;
  using TensorDesc = MI_IPU_C_TensorDesc_t;
  using TensorVector = MI_IPU_C_TensorVector_t;
  using DevAttr = MI_IPU_C_DevAttr_t;
  using ChnAttr = MI_IPU_C_ChnAttr_t;
  using StaticInfo = MI_IPU_C_OfflineModelStaticInfo_t;
};

}  // namespace mi
}  // namespace plumb
