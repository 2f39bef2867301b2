#include "tests/common/npu/kernels/layer_builder.h"

#include <utility>

namespace plumb::npu {

FixedTensor MakeTensor(const std::string& name,
                       const Shape& shape,
                       ElementType type,
                       int32_t zero_point) {
  FixedTensor tensor;
  tensor.name = name;
  tensor.shape = shape;
  tensor.element_type = type;
  tensor.zero_point = zero_point;
  return tensor;
}

FixedTensor MakeConstant(const std::string& name,
                         const Shape& shape,
                         ElementType type,
                         const std::vector<int>& values) {
  FixedTensor tensor = MakeTensor(name, shape, type);
  std::vector<uint8_t> bytes;
  for (const int value : values) {
    bytes.push_back(static_cast<uint8_t>(value & 255));
    if (type == ElementType::kInt16) {
      bytes.push_back(static_cast<uint8_t>((value >> 8) & 255));
    }
  }
  tensor.constant = Buffer::FromVector(std::move(bytes));
  return tensor;
}

Buffer Int8Buffer(const std::vector<int>& values) {
  std::vector<uint8_t> bytes;
  for (const int value : values) {
    bytes.push_back(static_cast<uint8_t>(value & 255));
  }
  return Buffer::FromVector(std::move(bytes));
}

FixedModel MakeLayer(OpAttributes attributes, std::vector<FixedTensor> inputs, FixedTensor output) {
  FixedModel model;
  model.name = "layer";
  FixedOp op;
  op.name = "layer";
  op.source_op = "TEST";
  op.attributes = std::move(attributes);
  for (FixedTensor& input : inputs) {
    const auto index = static_cast<uint32_t>(model.tensors.size());
    op.inputs.push_back(index);
    if (input.constant.empty()) {
      ModelInput model_input;
      model_input.tensor = index;
      model.inputs.push_back(model_input);
    }
    model.tensors.push_back(std::move(input));
  }
  op.output = static_cast<uint32_t>(model.tensors.size());
  model.outputs = {op.output};
  model.tensors.push_back(std::move(output));
  model.ops.push_back(std::move(op));
  return model;
}

}  // namespace plumb::npu
