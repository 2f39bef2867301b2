#include <algorithm>
#include <cmath>
#include <limits>

#include "common/npu/import/onnx/operands.h"
#include "common/npu/import/onnx/tensor.h"

namespace plumb::npu::onnx {
namespace {

Status MakeBroadcast(const NodeView& node, OpKind kind, Value& a, Value& b) {
  PLUMB_ASSIGN_OR_RETURN(Operands operands, TakeTogether(node, {&a, &b}));
  return node.Make(operands.layout, kind, std::move(operands.tensors));
}

Status MakeBinary(const NodeView& node, OpKind kind) {
  PLUMB_ASSIGN_OR_RETURN(Value* const a, node.Input(0));
  PLUMB_ASSIGN_OR_RETURN(Value* const b, node.Input(1));
  return MakeBroadcast(node, kind, *a, *b);
}

template <OpKind kKind>
Status ConvertBinary(const NodeView& node) {
  return MakeBinary(node, kKind);
}

// By a constant it is a multiplication: chips have no division.
Status ConvertDiv(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const divisor, node.Input(1));
  const bool known = divisor->constant && divisor->constant->is_float;
  if (!known || std::find(divisor->constant->floats.begin(), divisor->constant->floats.end(), 0) !=
                    divisor->constant->floats.end()) {
    return MakeBinary(node, OpKind::kDiv);
  }
  PLUMB_ASSIGN_OR_RETURN(Value* const a, node.Input(0));
  PLUMB_RETURN_IF_ERROR(node.graph().Spend(divisor->constant->size()));
  auto inverse = std::make_shared<Constant>(*divisor->constant);
  for (float& element : inverse->floats) {
    element = 1 / element;
  }
  const std::string name = node.NewName("reciprocal");
  PLUMB_RETURN_IF_ERROR(node.graph().DefineConstant(name, std::move(inverse)));
  PLUMB_ASSIGN_OR_RETURN(Value* const b, node.graph().Find(name));
  return MakeBroadcast(node, OpKind::kMul, *a, *b);
}

template <OpKind kKind>
Status ConvertUnary(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  return node.Make(x.layout, kKind, {x.tensor});
}

Status ConvertLeakyRelu(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  return node.Make(
      x.layout, OpKind::kLeakyRelu, {x.tensor}, LeakyReluAttributes{node.Real("alpha", 0.01F)});
}

// The same elements under another name, so that a dump of the framework finds its partner.
Status ConvertDropout(const NodeView& node) {
  if (!node.Has(2)) {
    return MakeCopy(node);
  }
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr training, node.Known(2));
  const std::vector<float> never = {0};
  const bool keeps_all = node.Has(1) && node.KnownFloats(1).ok() && *node.KnownFloats(1) == never;
  if (training->integers != std::vector<int64_t>{0} && !keeps_all) {
    return UnimplementedError("drops elements, as in training").WithHint("export for inference");
  }
  return MakeCopy(node);
}

Status ConvertCast(const NodeView& node) {
  const DataType from = node.TypeOf(0);
  const DataType to =
      node.op() == "CastLike" ? node.TypeOf(1) : static_cast<DataType>(node.Integer("to", 0));
  if (to == DataType::kFloat || to == DataType::kDouble || to == from) {
    return MakeCopy(node);
  }
  if (to != DataType::kBool) {
    return UnimplementedError("casts " + DataTypeName(from) + " that the network computes to " +
                              DataTypeName(to));
  }
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t zero, node.Scalar("zero", 0));
  return node.Make(x.layout, OpKind::kNotEqual, {x.tensor, zero});
}

Status ConvertPow(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const exponent, node.Input(1));
  PLUMB_ASSIGN_OR_RETURN(const Value* const base, node.Input(0));
  if (!exponent->constant || exponent->constant->size() != 1 || base->constant) {
    return MakeBinary(node, OpKind::kPow);
  }
  const float power = exponent->constant->is_float
                          ? exponent->constant->floats[0]
                          : static_cast<float>(exponent->constant->integers[0]);
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  if (power == 2) {
    return node.Make(x.layout, OpKind::kMul, {x.tensor, x.tensor});
  }
  return node.Make(x.layout, OpKind::kPower, {x.tensor}, PowerAttributes{power, 1, 0});
}

Status ConvertElu(const NodeView& node) {
  EluAttributes elu;
  elu.alpha = node.Real("alpha", node.op() == "Selu" ? 1.67326319F : 1);
  if (node.op() == "Selu") {
    elu.scale = node.Real("gamma", 1.05070102F);
  }
  if (node.op() == "Celu") {
    elu.divisor = elu.alpha;
  }
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  return node.Make(x.layout, OpKind::kElu, {x.tensor}, elu);
}

struct Bounds {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

Result<float> BoundOf(const NodeView& node, std::string_view name, size_t index, float otherwise) {
  if (!node.Has(index)) {
    return node.Real(name, otherwise);
  }
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr bound, node.Known(index));
  if (bound->size() != 1) {
    return InvalidArgumentError("has a bound that is no single number");
  }
  return bound->is_float ? bound->floats.front() : static_cast<float>(bound->integers.front());
}

Result<Bounds> ReadBounds(const NodeView& node) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  Bounds bounds;
  PLUMB_ASSIGN_OR_RETURN(const float low, BoundOf(node, "min", 1, bounds.low));
  PLUMB_ASSIGN_OR_RETURN(const float high, BoundOf(node, "max", 2, bounds.high));
  if (!(low <= high)) {
    return InvalidArgumentError("clips to [" + std::to_string(low) + ", " + std::to_string(high) +
                                "]");
  }
  // Exporters write the largest float for "no bound".
  return Bounds{low <= -kLargest ? bounds.low : low, high >= kLargest ? bounds.high : high};
}

Status ConvertClip(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Bounds bounds, ReadBounds(node));
  const bool above = std::isfinite(bounds.high);
  if (!std::isfinite(bounds.low) && !above) {
    return MakeCopy(node);
  }
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  if (bounds.low == 0 && (!above || bounds.high == 6)) {
    return node.Make(x.layout, above ? OpKind::kRelu6 : OpKind::kRelu, {x.tensor});
  }
  if (bounds.low == -1 && bounds.high == 1) {
    return node.Make(x.layout, OpKind::kReluN1To1, {x.tensor});
  }
  return node.Make(x.layout, OpKind::kClip, {x.tensor}, ClipAttributes{bounds.low, bounds.high});
}

Status ConvertHardSigmoid(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  return node.Make(x.layout,
                   OpKind::kHardSigmoid,
                   {x.tensor},
                   HardSigmoidAttributes{node.Real("alpha", 0.2F), node.Real("beta", 0.5F)});
}

Status ConvertThresholdedRelu(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  return node.Make(
      x.layout, OpKind::kThresholdedRelu, {x.tensor}, ThresholdAttributes{node.Real("alpha", 1)});
}

Status ConvertGelu(const NodeView& node) {
  if (node.Text("approximate", "none") != "none") {
    return UnimplementedError("approximates by tanh").WithHint("export with approximate='none'");
  }
  return ConvertUnary<OpKind::kGelu>(node);
}

// x · tanh(softplus(x)).
Status ConvertMish(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t soft, node.Step("soft", OpKind::kSoftplus, {x.tensor}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t gate, node.Step("gate", OpKind::kTanh, {soft}));
  return node.Make(x.layout, OpKind::kMul, {x.tensor, gate});
}

constexpr NamedConverter kConverters[] = {
    {"Abs", ConvertUnary<OpKind::kAbs>},
    {"Acos", ConvertUnary<OpKind::kAcos>},
    {"Acosh", ConvertUnary<OpKind::kAcosh>},
    {"Add", ConvertBinary<OpKind::kAdd>},
    {"Asin", ConvertUnary<OpKind::kAsin>},
    {"Asinh", ConvertUnary<OpKind::kAsinh>},
    {"Atan", ConvertUnary<OpKind::kAtan>},
    {"Atanh", ConvertUnary<OpKind::kAtanh>},
    {"Cast", ConvertCast},
    {"CastLike", ConvertCast},
    {"Ceil", ConvertUnary<OpKind::kCeil>},
    {"Celu", ConvertElu},
    {"Clip", ConvertClip},
    {"Cos", ConvertUnary<OpKind::kCos>},
    {"Cosh", ConvertUnary<OpKind::kCosh>},
    {"Div", ConvertDiv},
    {"Dropout", ConvertDropout},
    {"Elu", ConvertElu},
    {"Erf", ConvertUnary<OpKind::kErf>},
    {"Exp", ConvertUnary<OpKind::kExp>},
    {"Floor", ConvertUnary<OpKind::kFloor>},
    {"Gelu", ConvertGelu},
    {"HardSigmoid", ConvertHardSigmoid},
    {"HardSwish", ConvertUnary<OpKind::kHardSwish>},
    {"Identity", MakeCopy},
    {"LeakyRelu", ConvertLeakyRelu},
    {"Log", ConvertUnary<OpKind::kLog>},
    {"Mish", ConvertMish},
    {"Mul", ConvertBinary<OpKind::kMul>},
    {"Neg", ConvertUnary<OpKind::kNeg>},
    {"PRelu", ConvertBinary<OpKind::kPrelu>},
    {"Pow", ConvertPow},
    {"Reciprocal", ConvertUnary<OpKind::kReciprocal>},
    {"Relu", ConvertUnary<OpKind::kRelu>},
    {"Round", ConvertUnary<OpKind::kRound>},
    {"Selu", ConvertElu},
    {"Sigmoid", ConvertUnary<OpKind::kLogistic>},
    {"Sign", ConvertUnary<OpKind::kSign>},
    {"Sin", ConvertUnary<OpKind::kSin>},
    {"Sinh", ConvertUnary<OpKind::kSinh>},
    {"Softplus", ConvertUnary<OpKind::kSoftplus>},
    {"Softsign", ConvertUnary<OpKind::kSoftsign>},
    {"Sqrt", ConvertUnary<OpKind::kSqrt>},
    {"Sub", ConvertBinary<OpKind::kSub>},
    {"Tan", ConvertUnary<OpKind::kTan>},
    {"Tanh", ConvertUnary<OpKind::kTanh>},
    {"ThresholdedRelu", ConvertThresholdedRelu},
    {"com.microsoft.Gelu", ConvertGelu},
};

}  // namespace

std::span<const NamedConverter> PointwiseConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
