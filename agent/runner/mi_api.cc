#include "agent/runner/mi_api.h"

#include <cstring>
#include <string>

namespace plumb {
namespace mi {
namespace {

#define PLUMB_SAME_PLACE(longer, shorter, field) \
  static_assert(offsetof(longer, field) == offsetof(shorter, field), #field " moved")

PLUMB_SAME_PLACE(DevAttr, MI_IPU_B_DevAttr_t, u32MaxVariableBufSize);
PLUMB_SAME_PLACE(DevAttr, MI_IPU_B_DevAttr_t, u32XRGB_W_Pitch_Alignment);
PLUMB_SAME_PLACE(ChnAttr, MI_IPU_B_ChnAttr_t, u32OutputBufDepth);
PLUMB_SAME_PLACE(ChnAttr, MI_IPU_B_ChnAttr_t, u32InputBufDepth);
PLUMB_SAME_PLACE(StaticInfo, MI_IPU_B_OfflineModelStaticInfo_t, u32OfflineModelSize);
PLUMB_SAME_PLACE(TensorVector, MI_IPU_0_TensorVector_t, astArrayTensors);
PLUMB_SAME_PLACE(TensorVector, MI_IPU_B13_TensorVector_t, astArrayTensors);
PLUMB_SAME_PLACE(TensorVector, MI_IPU_C_TensorVector_t, astArrayTensors);
static_assert(sizeof(TensorVector) >= sizeof(MI_IPU_C_TensorVector_t), "the longest");

#undef PLUMB_SAME_PLACE

}  // namespace

ring::Outcome Api::Bind(const Library& library) {
  std::string missing;
  library.Bind("MI_IPU_CreateDevice", &create_device, &missing);
  library.Bind("MI_IPU_DestroyDevice", &destroy_device, &missing);
  library.Bind("MI_IPU_CreateCHN", &create_channel, &missing);
  library.Bind("MI_IPU_DestroyCHN", &destroy_channel, &missing);
  library.Bind("MI_IPU_GetInOutTensorDesc", &get_desc, &missing);
  library.Bind("MI_IPU_GetInputTensors", &get_inputs, &missing);
  library.Bind("MI_IPU_PutInputTensors", &put_inputs, &missing);
  library.Bind("MI_IPU_GetOutputTensors", &get_outputs, &missing);
  library.Bind("MI_IPU_PutOutputTensors", &put_outputs, &missing);
  library.Bind("MI_IPU_Invoke", &invoke, &missing);
  if (library.generation() != Generation::k0) {
    library.Bind("MI_IPU_GetOfflineModeStaticInfo", &static_info, &missing);
  }
  if (library.generation() == Generation::kC) {
    library.Bind("MI_IPU_Invoke2", &invoke2, &missing);
    library.Bind("MI_IPU_Invoke2Custom", &invoke2_custom, &missing);
  }
  return missing.empty() ? ring::Outcome() : library.Lacks(missing);
}

MI_U32 MaxTensors(Generation generation) {
  switch (generation) {
    case Generation::k0:
      return MI_IPU_0_MAX_TENSORS;
    case Generation::kB13:
      return MI_IPU_B13_MAX_TENSORS;
    case Generation::kB61:
      return MI_IPU_B61_MAX_TENSORS;
    case Generation::kC:
      break;
  }
  return MI_IPU_C_MAX_TENSORS;
}

MI_U32 MaxChannels(Generation generation) {
  switch (generation) {
    case Generation::k0:
      return MI_IPU_0_MAX_CHANNELS;
    case Generation::kB13:
    case Generation::kB61:
      return MI_IPU_B_MAX_CHANNELS;
    case Generation::kC:
      break;
  }
  return MI_IPU_C_MAX_CHANNELS;
}

ChnAttr ChannelAttributes(MI_U32 depth) {
  ChnAttr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  attributes.u32InputBufDepth = depth;
  attributes.u32OutputBufDepth = depth;
  attributes.u32BatchMax = 1;  // behind what the older generations read
  return attributes;
}

}  // namespace mi
}  // namespace plumb
