#include <algorithm>
#include <cmath>

#include "common/base/portable_math.h"
#include "common/npu/float/broadcast.h"
#include "common/npu/graph/scalar.h"

namespace plumb::npu {
namespace {

template <class Function>
void Map(const FloatCall& call, Function function) {
  std::transform(
      call.inputs[0].values.begin(), call.inputs[0].values.end(), call.output.begin(), function);
}

float Larger(float a, float b) {
  return a > b || std::isnan(a) ? a : b;
}

float Smaller(float a, float b) {
  return a < b || std::isnan(a) ? a : b;
}

float Truth(bool holds) {
  return holds ? 1 : 0;
}

float Sloped(float x, float slope) {
  return x >= 0 ? x : x * slope;
}

// Whole results are exact; the sign is the divisor's.
float FloorMod(float a, float b) {
  const float rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

float Clip(float value, float low, float high) {
  return std::min(std::max(value, low), high);
}

}  // namespace

void BinaryFloat(const FloatCall& call) {
  switch (call.op->kind) {
    case OpKind::kAdd:
      return Broadcast(call, [](float a, float b) { return a + b; });
    case OpKind::kSub:
      return Broadcast(call, [](float a, float b) { return a - b; });
    case OpKind::kMul:
      return Broadcast(call, [](float a, float b) { return a * b; });
    case OpKind::kDiv:
      return Broadcast(call, [](float a, float b) { return a / b; });
    case OpKind::kMaximum:
      return Broadcast(call, Larger);
    case OpKind::kMinimum:
      return Broadcast(call, Smaller);
    case OpKind::kPow:
      return Broadcast(call, [](float a, float b) {
        return static_cast<float>(PortablePow(static_cast<double>(a), static_cast<double>(b)));
      });
    case OpKind::kFloorMod:
      return Broadcast(call, FloorMod);
    case OpKind::kFmod:
      return Broadcast(call, [](float a, float b) { return std::fmod(a, b); });
    case OpKind::kLess:
      return Broadcast(call, [](float a, float b) { return Truth(a < b); });
    case OpKind::kLessEqual:
      return Broadcast(call, [](float a, float b) { return Truth(a <= b); });
    case OpKind::kEqual:
      return Broadcast(call, [](float a, float b) { return Truth(a == b); });
    case OpKind::kNotEqual:
      return Broadcast(call, [](float a, float b) { return Truth(a != b); });
    default:
      return Broadcast(call, Sloped);
  }
}

void SelectFloat(const FloatCall& call) {
  const float* condition = call.inputs[0].values.data();
  const float* a = call.inputs[1].values.data();
  const float* b = call.inputs[2].values.data();
  ForEachPlace<3>(call, [&](int64_t place, const std::array<int64_t, 3>& from) {
    call.output[static_cast<size_t>(place)] = condition[from[0]] != 0 ? a[from[1]] : b[from[2]];
  });
}

void UnaryFloat(const FloatCall& call) {
  switch (call.op->kind) {
    case OpKind::kRelu:
      return Map(call, [](float x) { return std::max(x, 0.0F); });
    case OpKind::kRelu6:
      return Map(call, [](float x) { return Clip(x, 0, 6); });
    case OpKind::kReluN1To1:
      return Map(call, [](float x) { return Clip(x, -1, 1); });
    case OpKind::kLeakyRelu: {
      const float slope = call.attributes<LeakyReluAttributes>().slope;
      return Map(call, [slope](float x) { return x >= 0 ? x : x * slope; });
    }
    case OpKind::kHardSwish:
      return Map(call, [](float x) { return x * Clip(x + 3, 0, 6) / 6; });
    case OpKind::kLogistic:
      return Map(call, [](float x) { return 1 / (1 + PortableExp(-x)); });
    case OpKind::kTanh:
      return Map(call, [](float x) { return PortableTanh(x); });
    case OpKind::kNeg:
      return Map(call, [](float x) { return -x; });
    case OpKind::kExp:
      return Map(call, [](float x) { return PortableExp(x); });
    case OpKind::kClip: {
      const auto& clip = call.attributes<ClipAttributes>();
      return Map(call, [&clip](float x) { return Clip(x, clip.low, clip.high); });
    }
    case OpKind::kAbs:
      return Map(call, [](float x) { return std::fabs(x); });
    default: {
      const std::function<double(double)> function = ScalarFunction(*call.op);
      return Map(call, [&function](float x) {
        return static_cast<float>(function(static_cast<double>(x)));
      });
    }
  }
}

void SoftmaxFloat(const FloatCall& call) {
  const float beta = call.attributes<SoftmaxAttributes>().beta;
  const auto width = static_cast<size_t>(call.output_shape->innermost());
  for (size_t start = 0; start < call.output.size(); start += width) {
    const std::span<const float> x = call.inputs[0].values.subspan(start, width);
    const std::span<float> y = call.output.subspan(start, width);
    const float highest = *std::max_element(x.begin(), x.end());
    float sum = 0;
    for (size_t i = 0; i < width; ++i) {
      y[i] = PortableExp((x[i] - highest) * beta);
      sum += y[i];
    }
    for (float& value : y) {
      value /= sum;
    }
  }
}

void LogSoftmaxFloat(const FloatCall& call) {
  const auto width = static_cast<size_t>(call.output_shape->innermost());
  for (size_t start = 0; start < call.output.size(); start += width) {
    const std::span<const float> x = call.inputs[0].values.subspan(start, width);
    const auto highest = static_cast<double>(*std::max_element(x.begin(), x.end()));
    double sum = 0;
    for (const float value : x) {
      sum += PortableExp(static_cast<double>(value) - highest);
    }
    const double logarithm = PortableLog(sum);
    for (size_t i = 0; i < width; ++i) {
      call.output[start + i] = static_cast<float>(static_cast<double>(x[i]) - highest - logarithm);
    }
  }
}

}  // namespace plumb::npu
