// The generation this file is compiled for: PLUMB_MI_GENERATION is one of 0, 13, 61 (both B) and 3
// (C). Only the exports know it; everything behind them is the same code for all.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>

#include "agent/runner/abi/types.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::virtual_ipu {

#if PLUMB_MI_GENERATION == 0
using Abi = mi::Types0;
#elif PLUMB_MI_GENERATION == 13
using Abi = mi::TypesB13;
#elif PLUMB_MI_GENERATION == 61
using Abi = mi::TypesB61;
#elif PLUMB_MI_GENERATION == 3
using Abi = mi::TypesC;
#else
#error "PLUMB_MI_GENERATION is 0, 13, 61 or 3"
#endif

// Gray came with generation C; before, a plane of bytes was a U8 tensor.
inline MI_U32 FormatFor([[maybe_unused]] bool has_gray, const TensorDesc& desc) {
  const MI_U32 format = MiFormat(desc.element_type).value_or(MI_IPU_FORMAT_UNKNOWN);
  return format == MI_IPU_FORMAT_GRAY && !has_gray ? MI_U32{MI_IPU_FORMAT_U8} : format;
}

// `mi` is zero before.
template <class Desc>
void CommonToMi(const TensorDesc& desc, Desc& mi) {
  mi.u32TensorDim = static_cast<MI_U32>(desc.shape.rank());
  for (size_t axis = 0; axis < desc.shape.rank(); ++axis) {
    mi.u32TensorShape[axis] = static_cast<MI_U32>(desc.shape[axis]);
  }
  desc.name.copy(mi.name, sizeof mi.name - 1);
}

inline void ToMi(const TensorDesc& desc, MI_IPU_0_TensorDesc_t& mi) {
  CommonToMi(desc, mi);
  mi.eElmFormat = FormatFor(false, desc);
}

inline void ToMi(const TensorDesc& desc, MI_IPU_B_TensorDesc_t& mi) {
  CommonToMi(desc, mi);
  mi.eElmFormat = FormatFor(false, desc);
  mi.u32InnerMostStride = desc.inner_stride;
  mi.fScalar = desc.scale;
  mi.s64ZeroPoint = desc.zero_point;
  mi.s32AlignedBufSize = static_cast<MI_S32>(desc.aligned_size);
}

inline void ToMi(const TensorDesc& desc, MI_IPU_C_TensorDesc_t& mi) {
  CommonToMi(desc, mi);
  mi.eElmFormat = FormatFor(true, desc);
  mi.u32InnerMostStride = desc.inner_stride;
  mi.fScalar = desc.scale;
  mi.s64ZeroPoint = desc.zero_point;
  mi.s32AlignedBufSize = static_cast<MI_S32>(desc.aligned_size);
  mi.u32BufSize = static_cast<MI_U32>(desc.payload_size);
  mi.u32InputWidthAlignment = desc.width_alignment;
  mi.u32InputHeightAlignment = desc.height_alignment;
  mi.eLayoutType = static_cast<MI_U32>(desc.layout);
}

inline void Describe(std::span<const TensorDesc> inputs,
                     std::span<const TensorDesc> outputs,
                     Abi::SubNetDesc& desc) {
  std::memset(&desc, 0, sizeof desc);
  desc.u32InputTensorCount = static_cast<MI_U32>(inputs.size());
  desc.u32OutputTensorCount = static_cast<MI_U32>(outputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    ToMi(inputs[i], desc.astMI_InputTensorDescs[i]);
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    ToMi(outputs[i], desc.astMI_OutputTensorDescs[i]);
  }
}

}  // namespace plumb::virtual_ipu
