#include <algorithm>
#include <array>
#include <cmath>

#include "common/base/portable_math.h"
#include "common/npu/float/kernels.h"

namespace plumb::npu {
namespace {

using Strides = std::array<int64_t, Shape::kMaxRank>;

// Elements from one position to the next along each axis of the output; 0 where the operand
// repeats itself.
Strides BroadcastStrides(const Shape& operand, const Shape& output) {
  Strides strides{};
  int64_t step = 1;
  for (size_t back = 1; back <= operand.rank(); ++back) {
    const int64_t size = operand[operand.rank() - back];
    strides.at(output.rank() - back) = size == 1 ? 0 : step;
    step *= size;
  }
  return strides;
}

// Calls row(output offset, offset in a, offset in b) for every innermost row of the output.
template <class Row>
void ForEachRow(const Shape& output, const Strides& a, const Strides& b, Row row) {
  const size_t outer = output.rank() - 1;
  std::array<int64_t, Shape::kMaxRank> index{};
  int64_t offset_a = 0;
  int64_t offset_b = 0;
  const auto rows = static_cast<int64_t>(output.row_count().value_or(0));
  for (int64_t i = 0; i < rows; ++i) {
    row(i * output.innermost(), offset_a, offset_b);
    for (size_t axis = outer; axis-- > 0;) {
      offset_a += a.at(axis);
      offset_b += b.at(axis);
      if (++index.at(axis) < output[axis]) {
        break;
      }
      offset_a -= a.at(axis) * output[axis];
      offset_b -= b.at(axis) * output[axis];
      index.at(axis) = 0;
    }
  }
}

template <class Function>
void Broadcast(const FloatCall& call, Function function) {
  const float* a = call.inputs[0].values.data();
  const float* b = call.inputs[1].values.data();
  float* output = call.output.data();
  if (call.output_shape->rank() == 0) {
    output[0] = function(a[0], b[0]);
    return;
  }
  const Strides strides_a = BroadcastStrides(*call.inputs[0].shape, *call.output_shape);
  const Strides strides_b = BroadcastStrides(*call.inputs[1].shape, *call.output_shape);
  const int64_t step_a = strides_a.at(call.output_shape->rank() - 1);
  const int64_t step_b = strides_b.at(call.output_shape->rank() - 1);
  const int64_t width = call.output_shape->innermost();
  ForEachRow(*call.output_shape,
             strides_a,
             strides_b,
             [&](int64_t place, int64_t offset_a, int64_t offset_b) {
               for (int64_t i = 0; i < width; ++i) {
                 output[place + i] = function(a[offset_a + i * step_a], b[offset_b + i * step_b]);
               }
             });
}

template <class Function>
void Map(const FloatCall& call, Function function) {
  std::transform(
      call.inputs[0].values.begin(), call.inputs[0].values.end(), call.output.begin(), function);
}

float Clip(float value, float low, float high) {
  return std::min(std::max(value, low), high);
}

}  // namespace

void AddFloat(const FloatCall& call) {
  Broadcast(call, [](float a, float b) { return a + b; });
}

void SubFloat(const FloatCall& call) {
  Broadcast(call, [](float a, float b) { return a - b; });
}

void MulFloat(const FloatCall& call) {
  Broadcast(call, [](float a, float b) { return a * b; });
}

void DivFloat(const FloatCall& call) {
  Broadcast(call, [](float a, float b) { return a / b; });
}

void PreluFloat(const FloatCall& call) {
  Broadcast(call, [](float x, float slope) { return x >= 0 ? x : x * slope; });
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
    default:
      return Map(call, [](float x) { return std::fabs(x); });
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

}  // namespace plumb::npu
