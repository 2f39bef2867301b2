#include <algorithm>
#include <cmath>

#include "common/base/portable_math.h"
#include "common/npu/graph/scalar.h"
#include "common/npu/model/freeze.h"
#include "common/npu/quantize/lowering.h"

namespace plumb::npu {
namespace {

Clamp FusedClamp(const LoweringContext& context) {
  return ClampOf(*context.output, BoundsOf(context.op->activation));
}

double InputScale(const LoweringContext& context, size_t index) {
  return context.inputs[index]->scale / context.output->scale;
}

Result<OpAttributes> LowerAdd(const LoweringContext& context) {
  const double sign = context.op->kind == OpKind::kSub ? -1 : 1;
  PLUMB_ASSIGN_OR_RETURN(Add add, FreezeAdd(InputScale(context, 0), sign * InputScale(context, 1)));
  add.clamp = FusedClamp(context);
  return OpAttributes(add);
}

Result<OpAttributes> LowerMul(const LoweringContext& context) {
  PLUMB_ASSIGN_OR_RETURN(const Multiplier multiplier,
                         FreezeMultiplier(InputScale(context, 0) * context.inputs[1]->scale));
  return OpAttributes(Mul{multiplier, FusedClamp(context)});
}

Result<OpAttributes> LowerPrelu(const LoweringContext& context) {
  PLUMB_ASSIGN_OR_RETURN(const Multiplier positive, FreezeMultiplier(InputScale(context, 0)));
  PLUMB_ASSIGN_OR_RETURN(const Multiplier negative,
                         FreezeMultiplier(InputScale(context, 0) * context.inputs[1]->scale));
  return OpAttributes(Prelu{positive, negative, FusedClamp(context)});
}

Result<OpAttributes> LowerLeakyRelu(const LoweringContext& context) {
  const auto slope =
      static_cast<double>(std::get<LeakyReluAttributes>(context.op->attributes).slope);
  if (slope < 0) {
    return OpAttributes(MakeLookup(
        *context.inputs[0], *context.output, [slope](double x) { return x >= 0 ? x : x * slope; }));
  }
  PLUMB_ASSIGN_OR_RETURN(const Multiplier positive, FreezeMultiplier(InputScale(context, 0)));
  PLUMB_ASSIGN_OR_RETURN(const Multiplier negative,
                         FreezeMultiplier(InputScale(context, 0) * slope));
  return OpAttributes(LeakyRelu{positive, negative, FusedClamp(context)});
}

Result<OpAttributes> LowerRequantize(const LoweringContext& context, Activation activation) {
  PLUMB_ASSIGN_OR_RETURN(const Multiplier multiplier, FreezeMultiplier(InputScale(context, 0)));
  return OpAttributes(Requantize{multiplier, ClampOf(*context.output, BoundsOf(activation))});
}

Result<OpAttributes> LowerSoftmax(const LoweringContext& context) {
  const auto beta = static_cast<double>(std::get<SoftmaxAttributes>(context.op->attributes).beta);
  const int bits = context.inputs[0]->element_type == ElementType::kInt16 ? 16 : 8;
  PLUMB_ASSIGN_OR_RETURN(
      Softmax softmax, FreezeSoftmax(context.inputs[0]->scale * beta, bits, context.output->scale));
  softmax.clamp = FusedClamp(context);
  return OpAttributes(std::move(softmax));
}

Result<OpAttributes> LowerClip(const LoweringContext& context) {
  const auto& clip = std::get<ClipAttributes>(context.op->attributes);
  PLUMB_ASSIGN_OR_RETURN(const Multiplier multiplier, FreezeMultiplier(InputScale(context, 0)));
  return OpAttributes(Requantize{multiplier, ClampOf(*context.output, {clip.low, clip.high})});
}

Result<OpAttributes> LowerTable(const LoweringContext& context, double (*function)(double)) {
  return OpAttributes(MakeLookup(*context.inputs[0], *context.output, function));
}

// Rounding puts stored values a little below zero that stand for nothing below: roots, logarithms
// and powers take them for zero.
std::function<double(double)> InDomain(const GraphOp& op) {
  std::function<double(double)> function = ScalarFunction(op);
  const bool from_zero =
      op.kind == OpKind::kSqrt || op.kind == OpKind::kRsqrt || op.kind == OpKind::kLog;
  if (!from_zero) {
    return function;
  }
  return [function](double x) { return function(std::max(x, 0.0)); };
}

}  // namespace

Clamp ClampOf(const FixedTensor& output, const ActivationBounds& bounds) {
  Clamp clamp = StoredRange(output.element_type);
  const auto stored = [&output, &clamp](float bound) {
    const double value = std::round(static_cast<double>(bound) / output.scale) + output.zero_point;
    return static_cast<int32_t>(std::clamp<double>(value, clamp.low, clamp.high));
  };
  return {stored(bounds.low), stored(bounds.high)};
}

Lookup MakeLookup(const FixedTensor& input,
                  const FixedTensor& output,
                  const std::function<double(double)>& function) {
  const Clamp in = StoredRange(input.element_type);
  const Clamp out = StoredRange(output.element_type);
  const bool wide = input.element_type == ElementType::kInt16;
  const int32_t step = wide ? 128 : 1;
  const int32_t last = wide ? 32768 : in.high;
  Lookup lookup;
  for (int32_t q = in.low; q <= last; q += step) {
    const double real = function((q - input.zero_point) * input.scale);
    // What lies outside the function's domain (the logarithm of a stored value below zero) was
    // never calibrated.
    const double known = std::isnan(real) ? 0 : real;
    const double stored = std::rint(known / output.scale) + output.zero_point;
    lookup.table.push_back(static_cast<int32_t>(std::clamp<double>(stored, out.low, out.high)));
  }
  return lookup;
}

Result<OpAttributes> LowerPointwiseOp(const LoweringContext& context) {
  switch (context.op->kind) {
    case OpKind::kAdd:
    case OpKind::kSub:
      return LowerAdd(context);
    case OpKind::kMul:
      return LowerMul(context);
    case OpKind::kPrelu:
      return LowerPrelu(context);
    case OpKind::kLeakyRelu:
      return LowerLeakyRelu(context);
    case OpKind::kRelu:
      return LowerRequantize(context, Activation::kRelu);
    case OpKind::kRelu6:
      return LowerRequantize(context, Activation::kRelu6);
    case OpKind::kReluN1To1:
      return LowerRequantize(context, Activation::kReluN1To1);
    case OpKind::kQuantize:
      return LowerRequantize(context, Activation::kNone);
    case OpKind::kSoftmax:
      return LowerSoftmax(context);
    case OpKind::kHardSwish:
      return LowerTable(context, [](double x) { return x * std::clamp(x + 3, 0.0, 6.0) / 6; });
    case OpKind::kLogistic:
      return LowerTable(context, [](double x) { return 1 / (1 + PortableExp(-x)); });
    case OpKind::kTanh:
      return LowerTable(context, [](double x) { return PortableTanh(x); });
    case OpKind::kAbs:
      return LowerTable(context, [](double x) { return std::fabs(x); });
    case OpKind::kNeg:
      return LowerTable(context, [](double x) { return -x; });
    case OpKind::kExp:
      return LowerTable(context, [](double x) { return PortableExp(x); });
    case OpKind::kClip:
      return LowerClip(context);
    default:
      break;
  }
  if (IsScalarKind(context.op->kind)) {
    return OpAttributes(MakeLookup(*context.inputs[0], *context.output, InDomain(*context.op)));
  }
  const bool softmax = context.op->kind == OpKind::kDiv || context.op->kind == OpKind::kReduceMax;
  return UnimplementedError("has no fixed-point form")
      .WithHint(softmax ? "DIV and REDUCE_MAX run as parts of a softmax over the last axis alone"
                        : "end the network before it and compute it after the outputs");
}

}  // namespace plumb::npu
