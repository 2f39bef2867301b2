// What the files with exported functions share.
#pragma once

#include <algorithm>
#include <string>

#include "agent/runner/abi/mi_ipu_gen_c.h"
#if PLUMB_MI_GENERATION == 3
#include "agent/runner/abi/mi_functions_c.h"  // so that the compiler compares
#endif
#include "agent/virtual_ipu/channel.h"
#include "agent/virtual_ipu/report.h"

#define PLUMB_EXPORT __attribute__((visibility("default")))

namespace plumb::virtual_ipu {

inline MI_S32 NullArgument(const char* call) {
  return Refuse(E_IPU_ERR_BADADDR, std::string(call) + ": an argument is NULL");
}

inline ChannelDepths DepthsOf(const MI_IPU_B_ChnAttr_t& attributes) {
  return {attributes.u32InputBufDepth, attributes.u32OutputBufDepth};
}

inline ChannelDepths DepthsOf(const MI_IPU_C_ChnAttr_t& attributes) {
  return {attributes.u32InputBufDepth,
          attributes.u32OutputBufDepth,
          std::max<MI_U32>(attributes.u32BatchMax, 1)};
}

}  // namespace plumb::virtual_ipu
