// What MiSession needs to know of generation B, for both lengths of its tables. C++14.
#pragma once

#include "agent/runner/abi/record.h"
#include "agent/runner/abi/types.h"
#include "agent/runner/mi_errors.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

template <class Types, Generation kOwn>
struct GenB : Types {
  static constexpr Generation kGeneration = kOwn;

  static void PrepareChannel(MI_IPU_B_ChnAttr_t* /*attributes*/) {}

  // Exactly as reported; the host judges it.
  static ring::TensorRecord Record(const MI_IPU_B_TensorDesc_t& desc) {
    ring::TensorRecord record = CommonRecord<Types>(desc);
    record.inner_stride = desc.u32InnerMostStride;
    record.scale = desc.fScalar;
    record.zero_point = desc.s64ZeroPoint;
    record.aligned_size =
        desc.s32AlignedBufSize < 0 ? 0 : static_cast<uint64_t>(desc.s32AlignedBufSize);
    return record;
  }
};

using GenB13 = GenB<TypesB13, Generation::kB13>;
using GenB61 = GenB<TypesB61, Generation::kB61>;

}  // namespace mi
}  // namespace plumb
