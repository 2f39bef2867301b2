#include <algorithm>
#include <cmath>

#include "common/npu/import/onnx/fold.h"
#include "common/npu/import/onnx/quantization.h"

namespace plumb::npu::onnx {
namespace {

Result<ConstantPtr> FoldDequantize(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr input, node.Known(0));
  const size_t rank = input->shape.rank();
  PLUMB_ASSIGN_OR_RETURN(
      const int32_t axis,
      WrapAxis(rank > 1 ? node.Integer("axis", 1) : 0, std::max<size_t>(rank, 1)));
  PLUMB_ASSIGN_OR_RETURN(importing::StoredAs as, ReadStoredAs(node, 1, 2, axis));
  return Dequantized(node, *input, std::move(as));
}

struct Limits {
  float low;
  float high;
};

Limits LimitsOf(ElementType type) {
  switch (type) {
    case ElementType::kInt8:
      return {-128, 127};
    case ElementType::kInt16:
      return {-32768, 32767};
    default:
      return {0, 255};
  }
}

// round(x / scale) + zero point, ties to even, saturated.
Result<ConstantPtr> FoldQuantize(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr input, node.Known(0));
  PLUMB_ASSIGN_OR_RETURN(const importing::StoredAs as, ReadStoredAs(node, 1, 2, 0));
  if (as.quantization.scales.size() != 1 || !input->is_float || as.type == ElementType::kInt32) {
    return UnimplementedError("quantises a constant with several scales, or to int32");
  }
  PLUMB_ASSIGN_OR_RETURN(auto result, NewConstant(node, input->shape, false));
  const auto scale = static_cast<float>(as.quantization.scales[0]);
  const auto zero_point = static_cast<float>(as.quantization.zero_points[0]);
  const Limits limits = LimitsOf(as.type);
  for (const float value : input->floats) {
    const float stored = std::rint(value / scale) + zero_point;
    if (std::isnan(stored)) {
      return InvalidArgumentError("quantises NaN");
    }
    result->integers.push_back(static_cast<int64_t>(std::clamp(stored, limits.low, limits.high)));
  }
  result->type = as.type;
  return ConstantPtr(std::move(result));
}

constexpr NamedFold kFolds[] = {
    {"DequantizeLinear", FoldDequantize},
    {"QuantizeLinear", FoldQuantize},
};

}  // namespace

std::span<const NamedFold> QuantizedFolds() {
  return kFolds;
}

}  // namespace plumb::npu::onnx
