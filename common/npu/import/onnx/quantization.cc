#include "common/npu/import/onnx/quantization.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "common/npu/import/onnx/fold.h"

namespace plumb::npu::onnx {

using importing::StoredAs;
using importing::StoredIntegers;

namespace {

// Which operand of an operation is stored, and which operands say how.
struct StoredOperand {
  std::string_view op;
  size_t data, scale, zero_point;
};

constexpr StoredOperand kStoredOperands[] = {
    {"DequantizeLinear", 0, 1, 2},
    {"QLinearConv", 0, 1, 2},
    {"QLinearMatMul", 0, 1, 2},
    {"QLinearMatMul", 3, 4, 5},
    {"com.microsoft.QLinearAdd", 0, 1, 2},
    {"com.microsoft.QLinearAdd", 3, 4, 5},
    {"com.microsoft.QLinearMul", 0, 1, 2},
    {"com.microsoft.QLinearMul", 3, 4, 5},
    {"com.microsoft.QLinearAveragePool", 0, 1, 2},
    {"com.microsoft.QLinearGlobalAveragePool", 0, 1, 2},
    {"com.microsoft.QLinearLeakyRelu", 0, 1, 2},
    {"com.microsoft.QLinearSigmoid", 0, 1, 2},
};

// How many elements lie behind each step along `axis`.
size_t StepOf(const Shape& shape, int32_t axis) {
  size_t step = 1;
  for (size_t i = shape.rank(); i-- > static_cast<size_t>(axis) + 1;) {
    step *= static_cast<size_t>(shape[i]);
  }
  return step;
}

Status CheckFits(const Shape& shape, const GraphQuantization& quantization) {
  const size_t entries = quantization.scales.size();
  const auto axis = static_cast<size_t>(quantization.axis);
  if (entries == 1 || (axis < shape.rank() && shape[axis] == static_cast<int64_t>(entries))) {
    return OkStatus();
  }
  return InvalidArgumentError("has " + std::to_string(entries) + " scales for axis " +
                              std::to_string(quantization.axis) + " of " + shape.ToString());
}

}  // namespace

Result<StoredAs> ReadStoredAs(const NodeView& node, size_t scale, size_t zero_point, int32_t axis) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<float> scales, node.KnownFloats(scale));
  StoredAs as;
  as.type = ElementType::kUint8;
  as.quantization.axis = scales.size() > 1 ? axis : 0;
  as.quantization.zero_points.resize(scales.size(), 0);
  for (const float value : scales) {
    if (!(value > 0) || !std::isfinite(value)) {
      return InvalidArgumentError("has a scale that is not positive");
    }
    as.quantization.scales.push_back(static_cast<double>(value));
  }
  if (node.Has(zero_point)) {
    PLUMB_ASSIGN_OR_RETURN(const ConstantPtr zero, node.Known(zero_point));
    if (zero->type == ElementType::kUnknown) {
      return UnimplementedError("stores other integers than int8, uint8, int16 and int32");
    }
    if (zero->is_float || zero->integers.size() != scales.size()) {
      return InvalidArgumentError("has " + std::to_string(scales.size()) + " scales but " +
                                  std::to_string(zero->size()) + " zero points");
    }
    as.type = zero->type;
    as.quantization.zero_points = zero->integers;
  }
  if (scales.empty()) {
    return InvalidArgumentError("has no scale");
  }
  return as;
}

std::optional<StoredAs> StoredAsRead(const Model& model,
                                     const std::string& input,
                                     Builder& graph,
                                     const TypeMap& types) {
  for (const Node& node : model.nodes) {
    for (const StoredOperand& operand : kStoredOperands) {
      if (operand.op != node.op || operand.data >= node.inputs.size() ||
          node.inputs[operand.data] != input) {
        continue;
      }
      const NodeView view(node, model.opset, graph, types);
      auto as = ReadStoredAs(view, operand.scale, operand.zero_point, 0);
      if (as.ok() && as->quantization.scales.size() == 1) {
        return std::move(*as);
      }
    }
  }
  return std::nullopt;
}

Result<ConstantPtr> Dequantized(const NodeView& node, const Constant& integers, StoredAs as) {
  if (integers.is_float) {
    return InvalidArgumentError("dequantises real numbers");
  }
  PLUMB_RETURN_IF_ERROR(CheckFits(integers.shape, as.quantization));
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, integers.shape, true));
  const size_t entries = as.quantization.scales.size();
  const size_t step = StepOf(integers.shape, as.quantization.axis);
  for (size_t i = 0; i < integers.integers.size(); ++i) {
    const size_t entry = entries > 1 ? i / step % entries : 0;
    const double centred = static_cast<double>(integers.integers[i]) -
                           static_cast<double>(as.quantization.zero_points[entry]);
    result->floats.push_back(static_cast<float>(centred * as.quantization.scales[entry]));
  }
  as.type = integers.type;
  if (as.type != ElementType::kUnknown) {
    result->stored =
        std::make_shared<const StoredIntegers>(StoredIntegers{std::move(as), integers.integers});
  }
  return ConstantPtr(std::move(result));
}

}  // namespace plumb::npu::onnx
