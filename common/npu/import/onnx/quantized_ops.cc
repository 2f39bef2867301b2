#include <algorithm>
#include <iterator>

#include "common/base/text.h"
#include "common/npu/import/onnx/operands.h"
#include "common/npu/import/onnx/quantization.h"
#include "common/npu/import/onnx/types.h"

namespace plumb::npu::onnx {

using importing::StoredAs;

namespace {

// The tensor under which a computed value lies in the graph.
const GraphTensor& HomeOf(const NodeView& node, const Value& value) {
  const auto& place = value.home == Layout::kPicture ? value.picture : value.plain;
  return node.graph().TensorAt(place.value_or(0));
}

Status CheckOneScale(const StoredAs& as) {
  if (as.quantization.scales.size() != 1) {
    return UnimplementedError("has " + std::to_string(as.quantization.scales.size()) +
                              " scales for what the network computes; one is supported");
  }
  return OkStatus();
}

// A computed operand must be stored as its reader says.
Status CheckStored(const NodeView& node, const Value& value, const StoredAs& as) {
  PLUMB_RETURN_IF_ERROR(CheckOneScale(as));
  const GraphTensor& tensor = HomeOf(node, value);
  if (tensor.element_type == as.type && tensor.quantization.scales == as.quantization.scales &&
      tensor.quantization.zero_points == as.quantization.zero_points) {
    return OkStatus();
  }
  return UnimplementedError("takes '" + EscapeForDisplay(value.name) +
                            "' with another scale or zero point than it is stored with");
}

Status ConvertQuantize(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(StoredAs as, ReadStoredAs(node, 1, 2, 0));
  PLUMB_RETURN_IF_ERROR(CheckOneScale(as));
  if (as.type == ElementType::kInt32) {
    return UnimplementedError("quantises to int32");
  }
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  return node.As(node.node(), std::move(as)).Make(x.layout, OpKind::kQuantize, {x.tensor});
}

// Integers that no scale was known for when they entered: (x − zero point) · scale.
Status DequantizePlainly(const NodeView& node, const StoredAs& as, int32_t axis) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(0));
  const size_t count = as.quantization.scales.size();
  std::vector<int64_t> dims(value->shape.rank() - static_cast<size_t>(axis), 1);
  if (count > 1) {
    dims.front() = static_cast<int64_t>(count);
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  auto scales = std::make_shared<Constant>();
  auto zeros = std::make_shared<Constant>();
  scales->shape = zeros->shape = shape;
  for (size_t i = 0; i < count; ++i) {
    scales->floats.push_back(static_cast<float>(as.quantization.scales[i]));
    zeros->floats.push_back(static_cast<float>(as.quantization.zero_points[i]));
  }
  const std::string scale = node.NewName("scales");
  const std::string zero = node.NewName("zero_points");
  PLUMB_RETURN_IF_ERROR(node.graph().DefineConstant(scale, std::move(scales)));
  PLUMB_RETURN_IF_ERROR(node.graph().DefineConstant(zero, std::move(zeros)));
  PLUMB_ASSIGN_OR_RETURN(Value* const by, node.graph().Find(scale));
  PLUMB_ASSIGN_OR_RETURN(Value* const from, node.graph().Find(zero));
  PLUMB_ASSIGN_OR_RETURN(Value* const input, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(const Operands all, TakeTogether(node, {input, from, by}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t centred,
                         node.Step("centred", OpKind::kSub, {all.tensors[0], all.tensors[1]}));
  return node.Make(all.layout, OpKind::kMul, {centred, all.tensors[2]});
}

Status ConvertDequantize(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(0));
  const size_t rank = value->shape.rank();
  PLUMB_ASSIGN_OR_RETURN(
      const int32_t axis,
      WrapAxis(rank > 1 ? node.Integer("axis", 1) : 0, std::max<size_t>(rank, 1)));
  PLUMB_ASSIGN_OR_RETURN(const StoredAs as, ReadStoredAs(node, 1, 2, axis));
  if (!value->constant && HomeOf(node, *value).element_type == ElementType::kFloat32 &&
      !IsReal(node.TypeOf(0)) && rank > 0) {
    return DequantizePlainly(node, as, axis);
  }
  PLUMB_RETURN_IF_ERROR(CheckStored(node, *value, as));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  return node.Make(x.layout, OpKind::kDequantize, {x.tensor});
}

// A constant operand under a made-up name, as reals that remember their integers.
Result<std::string> TakeConstant(const NodeView& node, size_t operand, StoredAs as) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(operand));
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr integers, node.Known(operand));
  PLUMB_ASSIGN_OR_RETURN(ConstantPtr reals, Dequantized(node, *integers, std::move(as)));
  std::string name = node.graph().NewName(value->name, "dequantized");
  PLUMB_RETURN_IF_ERROR(node.graph().DefineConstant(name, std::move(reals)));
  return name;
}

// A stored operand of a QLinear node, with its scale and zero point in the two operands behind.
Result<std::string> TakeStored(const NodeView& node, size_t operand, int32_t axis) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(operand));
  PLUMB_ASSIGN_OR_RETURN(StoredAs as, ReadStoredAs(node, operand + 1, operand + 2, axis));
  if (value->constant) {
    return TakeConstant(node, operand, std::move(as));
  }
  PLUMB_RETURN_IF_ERROR(CheckStored(node, *value, as));
  return value->name;
}

// The bias of a QLinearConv is in units of input scale · weight scale.
Result<std::string> TakeBias(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const StoredAs x, ReadStoredAs(node, 1, 2, 0));
  PLUMB_ASSIGN_OR_RETURN(StoredAs bias, ReadStoredAs(node, 4, 5, 0));
  for (double& scale : bias.quantization.scales) {
    scale *= x.quantization.scales.front();
  }
  std::fill(bias.quantization.zero_points.begin(), bias.quantization.zero_points.end(), 0);
  return TakeConstant(node, 8, std::move(bias));
}

// The float operation that a QLinear node is, of stored operands to a stored result.
struct StoredOperation {
  std::string_view op;
  std::string_view real;
  size_t operands;  // with scale and zero point each
};

constexpr StoredOperation kOperations[] = {
    {"QLinearConv", "Conv", 2},
    {"QLinearMatMul", "MatMul", 2},
    {"com.microsoft.QLinearAdd", "Add", 2},
    {"com.microsoft.QLinearAveragePool", "AveragePool", 1},
    {"com.microsoft.QLinearGlobalAveragePool", "GlobalAveragePool", 1},
    {"com.microsoft.QLinearLeakyRelu", "LeakyRelu", 1},
    {"com.microsoft.QLinearMul", "Mul", 2},
    {"com.microsoft.QLinearSigmoid", "Sigmoid", 1},
};

Status ConvertStored(const NodeView& node) {
  const auto* const operation =
      std::find_if(std::begin(kOperations), std::end(kOperations), [&node](const auto& entry) {
        return entry.op == node.op();
      });
  if (node.Integer("channels_last", 0) != 0) {
    return UnimplementedError("has its channels last");
  }
  const bool conv = operation->real == "Conv";
  Node real = node.node();
  real.op = operation->real;
  real.inputs.clear();
  for (size_t i = 0; i < operation->operands; ++i) {
    // Several scales are those of a convolution's outputs, or of a matrix' columns.
    PLUMB_ASSIGN_OR_RETURN(std::string name, TakeStored(node, 3 * i, conv ? 0 : 1));
    real.inputs.push_back(std::move(name));
  }
  const size_t result = 3 * operation->operands;
  if (conv && node.Has(8)) {
    PLUMB_ASSIGN_OR_RETURN(std::string name, TakeBias(node));
    real.inputs.push_back(std::move(name));
  }
  PLUMB_ASSIGN_OR_RETURN(StoredAs as, ReadStoredAs(node, result, result + 1, 0));
  PLUMB_RETURN_IF_ERROR(CheckOneScale(as));
  return FindConverter(real.op)(node.As(real, std::move(as)));
}

// (x − zero point of x) and (w − zero point of w), multiplied as reals: exact while the sums are
// within 2^24.
Status ConvertInteger(const NodeView& node) {
  constexpr int64_t kLargestSum = 1 << 24;
  constexpr int64_t kLargestProduct = int64_t{255} * 255;
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr weights, node.Known(1));
  const bool conv = node.op() == "ConvInteger";
  const Shape& s = weights->shape;
  if (s.rank() < 2) {
    return UnimplementedError("multiplies by " + s.ToString());
  }
  const auto count = static_cast<int64_t>(weights->size());
  const int64_t products = conv ? count / std::max<int64_t>(s[0], 1) : s[s.rank() - 2];
  if (products > kLargestSum / kLargestProduct) {
    return UnimplementedError("adds up " + std::to_string(products) +
                              " products of bytes, which float32 does not hold exactly")
        .WithHint("quantise statically: onnxruntime.quantization.quantize_static");
  }
  const auto zero_point = [&node](size_t operand) -> Result<std::vector<int64_t>> {
    return node.Has(operand) ? node.KnownIntegers(operand) : std::vector<int64_t>{0};
  };
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> zero_x, zero_point(2));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int64_t> zero_w, zero_point(3));
  if (zero_x.size() != 1 || zero_w.size() != 1) {
    return UnimplementedError("has several zero points");
  }
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t zero,
                         node.Scalar("zero_point", static_cast<float>(zero_x.front())));
  Node real = node.node();
  real.op = conv ? "Conv" : "MatMul";
  const std::string centred = node.NewName("centred");
  PLUMB_ASSIGN_OR_RETURN(const uint32_t moved,
                         node.graph().Emit(centred, OpKind::kSub, {x.tensor, zero}));
  PLUMB_RETURN_IF_ERROR(node.graph().Define(centred, moved, x.layout));
  StoredAs as;
  as.quantization = {{1}, {zero_w.front()}, 0};
  PLUMB_ASSIGN_OR_RETURN(const std::string factor, TakeConstant(node, 1, std::move(as)));
  real.inputs = {centred, factor};
  return FindConverter(real.op)(node.As(real));
}

Status RefuseDynamic(const NodeView& /*node*/) {
  return UnimplementedError("chooses its scale while the network runs, which no chip does")
      .WithHint("quantise statically: onnxruntime.quantization.quantize_static");
}

constexpr NamedConverter kConverters[] = {
    {"ConvInteger", ConvertInteger},
    {"DequantizeLinear", ConvertDequantize},
    {"DynamicQuantizeLinear", RefuseDynamic, false},
    {"MatMulInteger", ConvertInteger},
    {"QLinearConv", ConvertStored},
    {"QLinearMatMul", ConvertStored},
    {"QuantizeLinear", ConvertQuantize},
    {"com.microsoft.QLinearAdd", ConvertStored},
    {"com.microsoft.QLinearAveragePool", ConvertStored},
    {"com.microsoft.QLinearGlobalAveragePool", ConvertStored},
    {"com.microsoft.QLinearLeakyRelu", ConvertStored},
    {"com.microsoft.QLinearMul", ConvertStored},
    {"com.microsoft.QLinearSigmoid", ConvertStored},
};

}  // namespace

std::span<const NamedConverter> QuantizedConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
