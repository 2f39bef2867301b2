// A tensor: descriptor and bytes.
#pragma once

#include <vector>

#include "common/base/buffer.h"
#include "common/tensor/tensor_desc.h"

namespace plumb {

// `bytes` holds desc.aligned_size bytes (padding included). Immutable and shareable.
struct Tensor {
  TensorDesc desc;
  Buffer bytes;
};

// The valid elements as doubles, row-major, dequantised ((q − zero point) · scale where the type is
// an integer and scale is not 0). Complex numbers give two values each. For tests, printing and
// small tensors; the comparison streams instead. kInvalidArgument as ValidRegionOf, or when bytes
// are missing.
Result<std::vector<double>> RealValues(const Tensor& tensor);

}  // namespace plumb
