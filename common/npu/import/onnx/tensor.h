// TensorProto to Constant.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "common/npu/import/onnx/file.h"

namespace plumb::npu::onnx {

struct NamedTensor {
  std::string name;
  ConstantPtr value;
};

// `budget`: how many elements may still be read; what the tensor has is taken away.
Result<NamedTensor> ReadTensor(std::span<const uint8_t> message, uint64_t& budget);

// "float16", or "type 17".
std::string DataTypeName(DataType type);

}  // namespace plumb::npu::onnx
