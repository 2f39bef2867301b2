// The part of a descriptor that every generation reports. C++14.
#pragma once

#include <cstring>

#include "agent/runner/abi/types.h"
#include "common/ring/protocol.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

static_assert(sizeof(ring::TensorRecord::name) == MI_IPU_NAME_SIZE, "names fit");
static_assert(ring::kMaxRank >= TypesC::kMaxDims, "shapes fit");
static_assert(ring::kMaxTensors >= TypesB61::kMaxTensors, "tensors fit");

// Name, format and shape exactly as reported; the host judges them. The rest is zero.
template <class Types>
ring::TensorRecord CommonRecord(const typename Types::TensorDesc& desc) {
  ring::TensorRecord record;
  std::memset(&record, 0, sizeof record);
  record.mi_format = desc.eElmFormat;
  record.rank = desc.u32TensorDim;
  for (MI_U32 axis = 0; axis < desc.u32TensorDim && axis < Types::kMaxDims; ++axis) {
    record.dims[axis] = desc.u32TensorShape[axis];
  }
  std::memcpy(record.name, desc.name, sizeof record.name);
  record.name[sizeof record.name - 1] = '\0';
  return record;
}

}  // namespace mi
}  // namespace plumb
