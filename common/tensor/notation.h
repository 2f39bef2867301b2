// One text notation for tensors, used by flags, prints and tests.
//
//   spec    1x10xf32                            dimensions, outermost first, then the element type
//           f32                                 a scalar
//           1x10xs16@32                         rows (the innermost dimension) 32 bytes apart
//           1x10xs16,scale=0.5,zero=-3          real = (q - zero) * scale; after @32 if both
//   tensor  2x2xf32=1,2,3,4                     elements row by row; as stored, not dequantised
//           2x2xf32=[1 2][3 4]                  brackets and spaces are free
//           4xs16=7                             one value for all
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/tensor/tensor.h"

namespace plumb {

// Element types as ParseElementType, without pictures. kInvalidArgument says what a spec looks
// like. The sizes are exact: rows * stride, or the elements alone.
Result<TensorDesc> ParseTensorSpec(std::string name, std::string_view spec);

// kInvalidArgument for a number that the type cannot hold or a wrong count of them. At most 2^20
// elements; not for complex numbers.
Result<Tensor> ParseTensor(std::string name, std::string_view text);

// "2x2xf32=1,2,3,4"; at most `max_elements` elements, then ",...". Reads back through ParseTensor
// (when whole). kInvalidArgument as ValidRegionOf, and for pictures and complex numbers.
Result<std::string> FormatTensor(const Tensor& tensor, size_t max_elements = 64);

}  // namespace plumb
