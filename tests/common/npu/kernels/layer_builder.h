// Models of one operation, put together by hand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/npu/model/model.h"

namespace plumb::npu {

// A tensor named `name`; zero point 0, scale 1.
FixedTensor MakeTensor(const std::string& name,
                       const Shape& shape,
                       ElementType type,
                       int32_t zero_point = 0);
// The same with values, as 8- or 16-bit little-endian bytes.
FixedTensor MakeConstant(const std::string& name,
                         const Shape& shape,
                         ElementType type,
                         const std::vector<int>& values);
Buffer Int8Buffer(const std::vector<int>& values);

// A model of one operation; tensors without a constant become its inputs.
FixedModel MakeLayer(OpAttributes attributes, std::vector<FixedTensor> inputs, FixedTensor output);

}  // namespace plumb::npu
