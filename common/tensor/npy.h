// NumPy's .npy files (format versions 1.0, 2.0 and 3.0) as tensors and back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/tensor/tensor.h"

namespace plumb {

// True when `bytes` begin like an .npy file.
bool IsNpy(const Buffer& bytes);

// A contiguous tensor that shares `bytes`. Little-endian elements of the types f16 f32 f64 s8 u8
// s16 u16 s32 s64 bool c64 in C order (Fortran order where it is the same). kInvalidArgument says
// what is wrong, with a hint where numpy can mend it: other types and orders, more than 10
// dimensions, a header that is broken, missing or surplus bytes.
Result<Tensor> ParseNpy(std::string name, const Buffer& bytes);

// The valid elements as they are (not dequantised), version 1.0, C order. kInvalidArgument for
// pictures, unknown types and impossible descriptors.
Result<std::vector<uint8_t>> SerializeNpy(const Tensor& tensor);

}  // namespace plumb
