#include <algorithm>
#include <cmath>
#include <limits>

#include "common/npu/import/onnx_ops.h"

namespace plumb::npu::onnx {
namespace {

// Under which layout operands that broadcast meet: as pictures if one of them is a picture and the
// others can be one too.
Layout MeetingLayout(std::span<const Value* const> values) {
  bool picture = false;
  bool possible = true;
  for (const Value* value : values) {
    picture = picture || value->is_picture();
    possible = possible && (value->constant ? value->shape.rank() <= 4 : value->shape.rank() == 4);
  }
  return picture && possible ? Layout::kPicture : Layout::kPlain;
}

struct Operand {
  Layout layout = Layout::kPlain;
  uint32_t tensor = 0;
};

// The first operand as it lies.
Result<Operand> TakeFirst(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(0));
  const Layout layout = value->home;
  PLUMB_ASSIGN_OR_RETURN(const uint32_t tensor, node.graph().Use(*value, layout));
  return Operand{layout, tensor};
}

Status MakeBroadcast(const NodeView& node, OpKind kind, Value& a, Value& b) {
  const Value* const both[] = {&a, &b};
  const Layout layout = MeetingLayout(both);
  PLUMB_ASSIGN_OR_RETURN(const uint32_t left, node.graph().Use(a, layout));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t right, node.graph().Use(b, layout));
  return node.Make(layout, kind, {left, right});
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

// Sum of any number of operands.
Status ConvertSum(const NodeView& node) {
  std::vector<Value*> values;
  for (size_t i = 0; i < node.input_count(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(Value* const value, node.Input(i));
    values.push_back(value);
  }
  if (values.size() < 2) {
    return UnimplementedError("adds fewer than two operands");
  }
  const Layout layout = MeetingLayout(values);
  PLUMB_ASSIGN_OR_RETURN(uint32_t sum, node.graph().Use(*values[0], layout));
  for (size_t i = 1; i < values.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const uint32_t next, node.graph().Use(*values[i], layout));
    if (i + 1 == values.size()) {
      return node.Make(layout, OpKind::kAdd, {sum, next});
    }
    PLUMB_ASSIGN_OR_RETURN(sum, node.Step("sum", OpKind::kAdd, {sum, next}));
  }
  return OkStatus();
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
Status ConvertCopy(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  const Shape shape = node.graph().ShapeOf(x.tensor);
  return node.Make(x.layout, OpKind::kReshape, {x.tensor}, {}, shape);
}

Status ConvertDropout(const NodeView& node) {
  if (node.Has(2)) {
    PLUMB_ASSIGN_OR_RETURN(const ConstantPtr training, node.Known(2));
    if (training->integers != std::vector<int64_t>{0}) {
      return UnimplementedError("drops elements, as in training").WithHint("export for inference");
    }
  }
  return ConvertCopy(node);
}

Status ConvertCast(const NodeView& node) {
  if (node.Integer("to", 0) != static_cast<int64_t>(DataType::kFloat)) {
    return UnimplementedError("casts what the network computes to another type than float");
  }
  return ConvertCopy(node);
}

Status ConvertPow(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const ConstantPtr exponent, node.Known(1));
  const bool square = exponent->size() == 1 &&
                      (exponent->is_float ? exponent->floats[0] == 2 : exponent->integers[0] == 2);
  if (!square) {
    return UnimplementedError("raises to another power than 2");
  }
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  return node.Make(x.layout, OpKind::kMul, {x.tensor, x.tensor});
}

Status ConvertReciprocal(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t one, node.Scalar("one", 1));
  return node.Make(x.layout, OpKind::kDiv, {one, x.tensor});
}

// x ≥ 0: x, else alpha · (exp(x) − 1): relu(x) + alpha · (exp(−relu(−x)) − 1).
Status ConvertElu(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t minus, node.Step("minus", OpKind::kNeg, {x.tensor}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t below, node.Step("below", OpKind::kRelu, {minus}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t exponent, node.Step("exponent", OpKind::kNeg, {below}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t power, node.Step("power", OpKind::kExp, {exponent}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t one, node.Scalar("one", 1));
  PLUMB_ASSIGN_OR_RETURN(uint32_t branch, node.Step("branch", OpKind::kSub, {power, one}));
  const float alpha = node.Real("alpha", 1);
  if (alpha != 1) {
    PLUMB_ASSIGN_OR_RETURN(const uint32_t factor, node.Scalar("alpha", alpha));
    PLUMB_ASSIGN_OR_RETURN(branch, node.Step("scaled", OpKind::kMul, {branch, factor}));
  }
  PLUMB_ASSIGN_OR_RETURN(const uint32_t above, node.Step("above", OpKind::kRelu, {x.tensor}));
  return node.Make(x.layout, OpKind::kAdd, {above, branch});
}

struct Bounds {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

Result<float> BoundOf(const NodeView& node, std::string_view name, size_t index, float otherwise) {
  if (!node.Has(index)) {
    return node.Real(name, otherwise);
  }
  PLUMB_ASSIGN_OR_RETURN(const std::vector<float> values, node.KnownFloats(index));
  if (values.size() != 1) {
    return InvalidArgumentError("has a bound that is no single number");
  }
  return values.front();
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

// low + relu(x − low).
Status ClipBelow(const NodeView& node, const Operand& x, float low) {
  PLUMB_ASSIGN_OR_RETURN(const uint32_t bound, node.Scalar("low", low));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t above, node.Step("above", OpKind::kSub, {x.tensor, bound}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t kept, node.Step("kept", OpKind::kRelu, {above}));
  return node.Make(x.layout, OpKind::kAdd, {kept, bound});
}

// high − relu(high − x).
Status ClipAbove(const NodeView& node, const Operand& x, float high) {
  PLUMB_ASSIGN_OR_RETURN(const uint32_t bound, node.Scalar("high", high));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t below, node.Step("below", OpKind::kSub, {bound, x.tensor}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t kept, node.Step("kept", OpKind::kRelu, {below}));
  return node.Make(x.layout, OpKind::kSub, {bound, kept});
}

// low + relu6((x − low) · 6 / (high − low)) · (high − low) / 6.
Status ClipBoth(const NodeView& node, const Operand& x, const Bounds& bounds) {
  const double width = static_cast<double>(bounds.high) - static_cast<double>(bounds.low);
  PLUMB_ASSIGN_OR_RETURN(const uint32_t low, node.Scalar("low", bounds.low));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t widen,
                         node.Scalar("to_six", static_cast<float>(6 / width)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t narrow,
                         node.Scalar("from_six", static_cast<float>(width / 6)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t moved, node.Step("moved", OpKind::kSub, {x.tensor, low}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t wide, node.Step("wide", OpKind::kMul, {moved, widen}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t kept, node.Step("kept", OpKind::kRelu6, {wide}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t back, node.Step("back", OpKind::kMul, {kept, narrow}));
  return node.Make(x.layout, OpKind::kAdd, {back, low});
}

Status ConvertClip(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Bounds bounds, ReadBounds(node));
  const bool below = std::isfinite(bounds.low);
  const bool above = std::isfinite(bounds.high);
  if (!below && !above) {
    return ConvertCopy(node);
  }
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  if (bounds.low == 0 && (!above || bounds.high == 6)) {
    return node.Make(x.layout, above ? OpKind::kRelu6 : OpKind::kRelu, {x.tensor});
  }
  if (bounds.low == -1 && bounds.high == 1) {
    return node.Make(x.layout, OpKind::kReluN1To1, {x.tensor});
  }
  if (below && above) {
    return bounds.low < bounds.high ? ClipBoth(node, x, bounds)
                                    : UnimplementedError("clips everything to one number");
  }
  return below ? ClipBelow(node, x, bounds.low) : ClipAbove(node, x, bounds.high);
}

// max(0, min(1, alpha · x + beta)) as relu6(6 · alpha · x + 6 · beta) / 6.
Status ConvertHardSigmoid(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t slope, node.Scalar("slope", 6 * node.Real("alpha", 0.2F)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t offset, node.Scalar("offset", 6 * node.Real("beta", 0.5F)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t sixth, node.Scalar("sixth", 1.0F / 6));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t scaled,
                         node.Step("scaled", OpKind::kMul, {x.tensor, slope}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t moved, node.Step("moved", OpKind::kAdd, {scaled, offset}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t kept, node.Step("kept", OpKind::kRelu6, {moved}));
  return node.Make(x.layout, OpKind::kMul, {kept, sixth});
}

struct Affine {
  std::vector<float> factor, offset;
};

// scale · (x − mean) / sqrt(variance + epsilon) + bias as factor · x + offset.
Result<Affine> FoldNormalization(const NodeView& node, int64_t channels) {
  std::vector<float> parts[4];
  for (size_t i = 0; i < 4; ++i) {
    PLUMB_ASSIGN_OR_RETURN(parts[i], node.KnownFloats(i + 1));
    if (parts[i].size() != static_cast<size_t>(channels)) {
      return InvalidArgumentError("has " + std::to_string(parts[i].size()) + " parameters for " +
                                  std::to_string(channels) + " channels");
    }
  }
  const auto epsilon = static_cast<double>(node.Real("epsilon", 1e-5F));
  Affine affine;
  for (size_t c = 0; c < parts[0].size(); ++c) {
    const double deviation = std::sqrt(static_cast<double>(parts[3][c]) + epsilon);
    const double factor = static_cast<double>(parts[0][c]) / deviation;
    affine.factor.push_back(static_cast<float>(factor));
    affine.offset.push_back(static_cast<float>(static_cast<double>(parts[1][c]) -
                                               static_cast<double>(parts[2][c]) * factor));
  }
  return affine;
}

Status ConvertBatchNormalization(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Value* const value, node.Input(0));
  if (node.Integer("training_mode", 0) != 0 || value->shape.rank() < 2) {
    return UnimplementedError("is in training mode or has no channels");
  }
  const int64_t channels = value->shape[1];
  PLUMB_ASSIGN_OR_RETURN(Affine affine, FoldNormalization(node, channels));
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  std::vector<int64_t> dims = {channels};
  if (x.layout == Layout::kPlain) {
    dims.resize(value->shape.rank() - 1, 1);
  }
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t factor,
      node.graph().AddConstant(node.NewName("factor"), shape, std::move(affine.factor)));
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t offset,
      node.graph().AddConstant(node.NewName("offset"), shape, std::move(affine.offset)));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t scaled,
                         node.Step("scaled", OpKind::kMul, {x.tensor, factor}));
  return node.Make(x.layout, OpKind::kAdd, {scaled, offset});
}

constexpr NamedConverter kConverters[] = {
    {"Abs", ConvertUnary<OpKind::kAbs>},
    {"Add", ConvertBinary<OpKind::kAdd>},
    {"BatchNormalization", ConvertBatchNormalization},
    {"Cast", ConvertCast},
    {"Clip", ConvertClip},
    {"Div", ConvertDiv},
    {"Dropout", ConvertDropout},
    {"Elu", ConvertElu},
    {"Exp", ConvertUnary<OpKind::kExp>},
    {"HardSigmoid", ConvertHardSigmoid},
    {"HardSwish", ConvertUnary<OpKind::kHardSwish>},
    {"Identity", ConvertCopy},
    {"LeakyRelu", ConvertLeakyRelu},
    {"Mul", ConvertBinary<OpKind::kMul>},
    {"Neg", ConvertUnary<OpKind::kNeg>},
    {"PRelu", ConvertBinary<OpKind::kPrelu>},
    {"Pow", ConvertPow},
    {"Reciprocal", ConvertReciprocal},
    {"Relu", ConvertUnary<OpKind::kRelu>},
    {"Sigmoid", ConvertUnary<OpKind::kLogistic>},
    {"Sub", ConvertBinary<OpKind::kSub>},
    {"Sum", ConvertSum},
    {"Tanh", ConvertUnary<OpKind::kTanh>},
};

}  // namespace

std::span<const NamedConverter> PointwiseConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
