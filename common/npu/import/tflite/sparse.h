// Sparse constants of TFLite files (table SparsityParameters of the schema) as dense ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/npu/import/tflite/flatbuffer.h"
#include "common/tensor/shape.h"

namespace plumb::npu::tflite {

// Puts `values`, the stored elements of `element_size` bytes each, where `sparsity` says within a
// tensor of `shape`; all else is zero bytes. kInvalidArgument for parameters that do not describe
// such a tensor or do not have exactly these elements. The work and the memory are bounded by the
// size of the dense tensor, at most 2^28 elements.
Result<std::vector<uint8_t>> Densify(const FlatTable& sparsity,
                                     const Shape& shape,
                                     std::span<const uint8_t> values,
                                     size_t element_size);

}  // namespace plumb::npu::tflite
