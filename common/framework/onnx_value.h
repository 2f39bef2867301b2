// Tensors of ONNX Runtime to ours and back.
#pragma once

#include <vector>

#include "common/framework/engine.h"
#include "common/framework/ort_api.h"

namespace plumb::framework {

Status MakeCpuMemory(const OrtApi& api, OrtHandle& memory);

// Type and shape out of an OrtTypeInfo; an open dimension is 0. What is no tensor, or one of a type
// without a name here, is kUnknown.
Status ReadPortType(const OrtApi& api, void* type_info, Port& port);

// A tensor over `bytes`, which must outlive it and fit `port`. kUnimplemented for a type that an
// input cannot have.
Status WrapTensor(const OrtApi& api,
                  void* memory,
                  const Port& port,
                  std::vector<uint8_t>& bytes,
                  OrtHandle& value);

// A copy. kUnimplemented for what is no tensor of numbers.
Result<OutputTensor> ReadTensor(const OrtApi& api, void* value, const std::string& name);

// Sets shape, type and values of `layer`; they point into `value`, or into `converted` where the
// elements are no floats. What is no tensor of numbers makes the layer unreadable.
Status ReadLayer(const OrtApi& api, void* value, Layer& layer, std::vector<float>& converted);

}  // namespace plumb::framework
