#include "common/npu/graph/graph.h"

#include <algorithm>
#include <cstring>

#include "common/base/text.h"

namespace plumb::npu {
namespace {

template <class T>
T ReadElement(const uint8_t* bytes, size_t index) {
  T value;
  std::memcpy(&value, bytes + index * sizeof(T), sizeof(T));
  return value;
}

double ReadStored(ElementType type, const uint8_t* bytes, size_t index) {
  switch (type) {
    case ElementType::kInt8:
      return ReadElement<int8_t>(bytes, index);
    case ElementType::kUint8:
      return ReadElement<uint8_t>(bytes, index);
    case ElementType::kInt16:
      return ReadElement<int16_t>(bytes, index);
    case ElementType::kInt32:
      return ReadElement<int32_t>(bytes, index);
    case ElementType::kInt64:
      return static_cast<double>(ReadElement<int64_t>(bytes, index));
    default:
      return static_cast<double>(ReadElement<float>(bytes, index));
  }
}

// How many elements lie after each step along the quantised axis.
size_t ElementsPerStep(const GraphTensor& tensor) {
  size_t elements = 1;
  for (size_t axis = tensor.shape.rank();
       axis-- > static_cast<size_t>(tensor.quantization.axis) + 1;) {
    elements *= static_cast<size_t>(tensor.shape[axis]);
  }
  return elements;
}

}  // namespace

bool IsQuantized(const Graph& graph) {
  return std::any_of(graph.ops.begin(), graph.ops.end(), [&graph](const GraphOp& op) {
    const GraphTensor& output = graph.tensors[op.output];
    return output.element_type != ElementType::kFloat32;
  });
}

std::vector<float> ConstantAsFloats(const GraphTensor& tensor) {
  const size_t count = tensor.shape.element_count().value_or(0);
  std::vector<float> values(count);
  if (tensor.element_type == ElementType::kFloat32) {
    std::memcpy(values.data(), tensor.constant.data(), count * sizeof(float));
    return values;
  }
  const GraphQuantization& quantization = tensor.quantization;
  const size_t entries = quantization.scales.size();
  const size_t step = entries > 1 ? ElementsPerStep(tensor) : 1;
  for (size_t i = 0; i < count; ++i) {
    const double stored = ReadStored(tensor.element_type, tensor.constant.data(), i);
    if (entries == 0) {
      values[i] = static_cast<float>(stored);
      continue;
    }
    const size_t entry = entries > 1 ? i / step % entries : 0;
    const auto zero_point = static_cast<double>(quantization.zero_points[entry]);
    values[i] = static_cast<float>((stored - zero_point) * quantization.scales[entry]);
  }
  return values;
}

std::string DescribeOp(const GraphOp& op) {
  return std::string(OpKindName(op.kind)) + " '" + EscapeForDisplay(op.name) + "'";
}

}  // namespace plumb::npu
