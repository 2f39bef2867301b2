// What MiSession needs to know of generation C. C++14.
#pragma once

#include "agent/runner/abi/record.h"
#include "agent/runner/abi/types.h"
#include "agent/runner/mi_errors.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

struct GenC : TypesC {
  static constexpr Generation kGeneration = Generation::kC;

  static void PrepareChannel(ChnAttr* attributes) { attributes->u32BatchMax = 1; }

  // Exactly as reported; the host judges it.
  static ring::TensorRecord Record(const TensorDesc& desc) {
    ring::TensorRecord record = CommonRecord<TypesC>(desc);
    record.inner_stride = desc.u32InnerMostStride;
    record.scale = desc.fScalar;
    record.zero_point = desc.s64ZeroPoint;
    record.aligned_size =
        desc.s32AlignedBufSize < 0 ? 0 : static_cast<uint64_t>(desc.s32AlignedBufSize);
    record.payload_size = desc.u32BufSize;
    record.layout = desc.eLayoutType;
    record.width_alignment = desc.u32InputWidthAlignment;
    record.height_alignment = desc.u32InputHeightAlignment;
    return record;
  }
};

}  // namespace mi
}  // namespace plumb
