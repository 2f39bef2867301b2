// What MiSession needs to know of generation C. Another generation is another struct like this one
// with its own types, and one more line in MakeSession. C++14.
#pragma once

#include <cstring>

#include "agent/runner/abi/mi_ipu_gen_c.h"
#include "agent/runner/mi_errors.h"
#include "common/ring/protocol.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

struct GenC {
  static constexpr Generation kGeneration = Generation::kC;
  static constexpr MI_U32 kMaxTensors = MI_IPU_C_MAX_TENSORS;

  using SubNetDesc = MI_IPU_C_SubNet_InputOutputDesc_t;
  using TensorDesc = MI_IPU_C_TensorDesc_t;
  using TensorVector = MI_IPU_C_TensorVector_t;
  using DevAttr = MI_IPU_C_DevAttr_t;
  using ChnAttr = MI_IPU_C_ChnAttr_t;
  using StaticInfo = MI_IPU_C_OfflineModelStaticInfo_t;

  static void PrepareChannel(ChnAttr* attributes) { attributes->u32BatchMax = 1; }

  // Exactly as reported; the host judges it.
  static ring::TensorRecord Record(const TensorDesc& desc) {
    ring::TensorRecord record;
    std::memset(&record, 0, sizeof record);
    record.mi_format = desc.eElmFormat;
    record.rank = desc.u32TensorDim;
    for (MI_U32 axis = 0; axis < desc.u32TensorDim && axis < MI_IPU_C_MAX_DIMS; ++axis) {
      record.dims[axis] = desc.u32TensorShape[axis];
    }
    record.inner_stride = desc.u32InnerMostStride;
    record.scale = desc.fScalar;
    record.zero_point = desc.s64ZeroPoint;
    record.aligned_size =
        desc.s32AlignedBufSize < 0 ? 0 : static_cast<uint64_t>(desc.s32AlignedBufSize);
    record.payload_size = desc.u32BufSize;
    record.layout = desc.eLayoutType;
    record.width_alignment = desc.u32InputWidthAlignment;
    record.height_alignment = desc.u32InputHeightAlignment;
    std::memcpy(record.name, desc.name, sizeof record.name);
    record.name[sizeof record.name - 1] = '\0';
    return record;
  }
};

static_assert(sizeof(ring::TensorRecord::name) == MI_IPU_NAME_SIZE, "names fit");
static_assert(ring::kMaxRank >= MI_IPU_C_MAX_DIMS, "shapes fit");

}  // namespace mi
}  // namespace plumb
