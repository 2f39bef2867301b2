#include "common/npu/graph/scalar.h"

#include <algorithm>
#include <cmath>

#include "common/base/portable_math.h"

namespace plumb::npu {
namespace {

constexpr double kHalfPi = 1.5707963267948966;

// e^x − 1 = 2·t / (1 − t), t = tanh(x / 2): no digits are lost near 0.
double ExpMinusOne(double x) {
  if (std::fabs(x) > 1) {
    return PortableExp(x) - 1;
  }
  const double t = PortableTanh(x / 2);
  return 2 * t / (1 - t);
}

double Softplus(double x) {
  const double above = std::max(x, 0.0);
  const double small = PortableExp(-std::fabs(x));
  // ln(1 + s) = 2·artanh(s / (2 + s)).
  return above + 2 * PortableAtanh(small / (2 + small));
}

double Sign(double x) {
  return x > 0 ? 1 : x < 0 ? -1 : x;
}

double Asin(double x) {
  return std::fabs(x) > 0.5
             ? std::copysign(kHalfPi, x) - PortableAtan(std::sqrt((1 - x) * (1 + x)) / x)
             : PortableAtan(x / std::sqrt((1 - x) * (1 + x)));
}

double Acos(double x) {
  return 2 * PortableAtan(std::sqrt(1 - x) / std::sqrt(1 + x));
}

double Sinh(double x) {
  const double magnitude = std::fabs(x);
  const double grown = ExpMinusOne(magnitude);
  return std::copysign(magnitude > 1 ? (PortableExp(magnitude) - PortableExp(-magnitude)) / 2
                                     : (grown + grown / (grown + 1)) / 2,
                       x);
}

double Asinh(double x) {
  const double magnitude = std::fabs(x);
  const double root = std::sqrt(x * x + 1);
  return magnitude < 0.125 ? PortableAtanh(x / root)
                           : std::copysign(PortableLog(magnitude + root), x);
}

double Gelu(double x) {
  constexpr double kRootOfHalf = 0.70710678118654752;
  return x * (1 + PortableErf(x * kRootOfHalf)) / 2;
}

struct NamedFunction {
  OpKind kind;
  double (*function)(double x);
};

constexpr NamedFunction kFunctions[] = {
    {OpKind::kSqrt, [](double x) { return std::sqrt(x); }},
    {OpKind::kRsqrt, [](double x) { return 1 / std::sqrt(x); }},
    {OpKind::kReciprocal, [](double x) { return 1 / x; }},
    {OpKind::kLog, PortableLog},
    {OpKind::kSoftplus, Softplus},
    {OpKind::kSoftsign, [](double x) { return x / (1 + std::fabs(x)); }},
    {OpKind::kFloor, [](double x) { return std::floor(x); }},
    {OpKind::kCeil, [](double x) { return std::ceil(x); }},
    {OpKind::kRound, [](double x) { return std::rint(x); }},
    {OpKind::kSign, Sign},
    {OpKind::kSin, PortableSin},
    {OpKind::kCos, PortableCos},
    {OpKind::kTan, [](double x) { return PortableSin(x) / PortableCos(x); }},
    {OpKind::kAsin, Asin},
    {OpKind::kAcos, Acos},
    {OpKind::kAtan, PortableAtan},
    {OpKind::kSinh, Sinh},
    {OpKind::kCosh, [](double x) { return (PortableExp(x) + PortableExp(-x)) / 2; }},
    {OpKind::kAsinh, Asinh},
    {OpKind::kAcosh, [](double x) { return PortableLog(x + std::sqrt(x - 1) * std::sqrt(x + 1)); }},
    {OpKind::kAtanh, PortableAtanh},
    {OpKind::kErf, PortableErf},
    {OpKind::kGelu, Gelu},
};

std::function<double(double)> EluOf(const EluAttributes& elu) {
  const auto alpha = static_cast<double>(elu.alpha);
  const auto scale = static_cast<double>(elu.scale);
  const auto divisor = static_cast<double>(elu.divisor);
  return [=](double x) { return scale * (x > 0 ? x : alpha * ExpMinusOne(x / divisor)); };
}

std::function<double(double)> PowerOf(const PowerAttributes& attributes) {
  const auto power = static_cast<double>(attributes.power);
  const auto scale = static_cast<double>(attributes.scale);
  const auto shift = static_cast<double>(attributes.shift);
  return [=](double x) { return PortablePow(shift + scale * x, power); };
}

std::function<double(double)> HardSigmoidOf(const HardSigmoidAttributes& attributes) {
  const auto slope = static_cast<double>(attributes.slope);
  const auto offset = static_cast<double>(attributes.offset);
  return [=](double x) { return std::min(std::max(slope * x + offset, 0.0), 1.0); };
}

}  // namespace

std::function<double(double)> ScalarFunction(const GraphOp& op) {
  switch (op.kind) {
    case OpKind::kElu:
      return EluOf(std::get<EluAttributes>(op.attributes));
    case OpKind::kPower:
      return PowerOf(std::get<PowerAttributes>(op.attributes));
    case OpKind::kHardSigmoid:
      return HardSigmoidOf(std::get<HardSigmoidAttributes>(op.attributes));
    case OpKind::kThresholdedRelu: {
      const auto threshold =
          static_cast<double>(std::get<ThresholdAttributes>(op.attributes).threshold);
      return [threshold](double x) { return x > threshold ? x : 0; };
    }
    default:
      break;
  }
  for (const NamedFunction& entry : kFunctions) {
    if (entry.kind == op.kind) {
      return entry.function;
    }
  }
  return nullptr;
}

bool IsScalarKind(OpKind kind) {
  return kind == OpKind::kElu || kind == OpKind::kPower || kind == OpKind::kHardSigmoid ||
         kind == OpKind::kThresholdedRelu ||
         std::any_of(std::begin(kFunctions), std::end(kFunctions), [kind](const auto& entry) {
           return entry.kind == kind;
         });
}

}  // namespace plumb::npu
