#include <limits>

#include "common/npu/import/onnx/operands.h"

namespace plumb::npu::onnx {
namespace {

template <OpKind kKind>
Status ConvertBinary(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Operands operands, TakeAll(node));
  return node.Make(operands.layout, kKind, std::move(operands.tensors));
}

// a > b is b < a.
template <OpKind kKind>
Status ConvertTurned(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(Operands operands, TakeAll(node));
  std::swap(operands.tensors.front(), operands.tensors.back());
  return node.Make(operands.layout, kKind, std::move(operands.tensors));
}

// All operands joined two by two, the last one left to the caller.
Result<uint32_t> JoinAllButLast(const NodeView& node, OpKind kind, const Operands& operands) {
  uint32_t joined = operands.tensors.front();
  for (size_t i = 1; i + 1 < operands.tensors.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(joined, node.Step("joined", kind, {joined, operands.tensors[i]}));
  }
  return joined;
}

template <OpKind kKind>
Status ConvertVariadic(const NodeView& node) {
  if (node.input_count() == 1) {
    return MakeCopy(node);
  }
  PLUMB_ASSIGN_OR_RETURN(const Operands operands, TakeAll(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t joined, JoinAllButLast(node, kKind, operands));
  return node.Make(operands.layout, kKind, {joined, operands.tensors.back()});
}

Status ConvertMean(const NodeView& node) {
  if (node.input_count() == 1) {
    return MakeCopy(node);
  }
  PLUMB_ASSIGN_OR_RETURN(const Operands operands, TakeAll(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t joined, JoinAllButLast(node, OpKind::kAdd, operands));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t sum,
                         node.Step("sum", OpKind::kAdd, {joined, operands.tensors.back()}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t share,
                         node.Scalar("share", 1 / static_cast<float>(operands.tensors.size())));
  return node.Make(operands.layout, OpKind::kMul, {sum, share});
}

Status ConvertMod(const NodeView& node) {
  return node.Integer("fmod", 0) != 0 ? ConvertBinary<OpKind::kFmod>(node)
                                      : ConvertBinary<OpKind::kFloorMod>(node);
}

Status ConvertNot(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t zero, node.Scalar("zero", 0));
  return node.Make(x.layout, OpKind::kEqual, {x.tensor, zero});
}

// Only a NaN differs from itself.
Status ConvertIsNan(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  return node.Make(x.layout, OpKind::kNotEqual, {x.tensor, x.tensor});
}

Status ConvertIsInf(const NodeView& node) {
  const bool positive = node.Integer("detect_positive", 1) != 0;
  const bool negative = node.Integer("detect_negative", 1) != 0;
  if (!positive && !negative) {
    return UnimplementedError("looks for no infinity");
  }
  PLUMB_ASSIGN_OR_RETURN(Operand x, TakeFirst(node));
  if (positive && negative) {
    PLUMB_ASSIGN_OR_RETURN(x.tensor, node.Step("size", OpKind::kAbs, {x.tensor}));
  }
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  PLUMB_ASSIGN_OR_RETURN(const uint32_t infinity,
                         node.Scalar("infinity", positive ? kInfinity : -kInfinity));
  return node.Make(x.layout, OpKind::kEqual, {x.tensor, infinity});
}

// x + bias below −lambd, x − bias above lambd, 0 between.
Status ConvertShrink(const NodeView& node) {
  PLUMB_ASSIGN_OR_RETURN(const Operand x, TakeFirst(node));
  const float bias = node.Real("bias", 0);
  const float lambd = node.Real("lambd", 0.5F);
  PLUMB_ASSIGN_OR_RETURN(const uint32_t low, node.Scalar("low", -lambd));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t high, node.Scalar("high", lambd));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t by, node.Scalar("bias", bias));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t zero, node.Scalar("zero", 0));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t below, node.Step("below", OpKind::kLess, {x.tensor, low}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t above, node.Step("above", OpKind::kLess, {high, x.tensor}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t raised, node.Step("raised", OpKind::kAdd, {x.tensor, by}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t cut, node.Step("cut", OpKind::kSub, {x.tensor, by}));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t upper,
                         node.Step("upper", OpKind::kSelect, {above, cut, zero}));
  return node.Make(x.layout, OpKind::kSelect, {below, raised, upper});
}

constexpr NamedConverter kConverters[] = {
    {"And", ConvertBinary<OpKind::kMinimum>},
    {"Equal", ConvertBinary<OpKind::kEqual>},
    {"Greater", ConvertTurned<OpKind::kLess>},
    {"GreaterOrEqual", ConvertTurned<OpKind::kLessEqual>},
    {"IsInf", ConvertIsInf},
    {"IsNaN", ConvertIsNan},
    {"Less", ConvertBinary<OpKind::kLess>},
    {"LessOrEqual", ConvertBinary<OpKind::kLessEqual>},
    {"Max", ConvertVariadic<OpKind::kMaximum>},
    {"Mean", ConvertMean},
    {"Min", ConvertVariadic<OpKind::kMinimum>},
    {"Mod", ConvertMod},
    {"Not", ConvertNot},
    {"Or", ConvertBinary<OpKind::kMaximum>},
    {"Shrink", ConvertShrink},
    {"Sum", ConvertVariadic<OpKind::kAdd>},
    {"Where", ConvertBinary<OpKind::kSelect>},
    {"Xor", ConvertBinary<OpKind::kNotEqual>},
};

}  // namespace

std::span<const NamedConverter> LogicConverters() {
  return kConverters;
}

}  // namespace plumb::npu::onnx
