// Where two pieces of the same output first differ, padding left out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/base/status.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::server {

// `a` and `b` hold the raw bytes from `offset` on of two buffers that `desc` describes, the same
// number of each. The flat row-major index of the first valid element that differs, if any.
// kInvalidArgument as ValidRegionOf.
Result<std::optional<uint64_t>> FirstValidDifference(const TensorDesc& desc,
                                                     uint64_t offset,
                                                     std::span<const uint8_t> a,
                                                     std::span<const uint8_t> b);

}  // namespace plumb::server
