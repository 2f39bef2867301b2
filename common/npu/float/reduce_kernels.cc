#include <algorithm>
#include <limits>

#include "common/npu/float/broadcast.h"

namespace plumb::npu {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Reduction {
  double start;
  double (*join)(double a, double b);
};

Reduction ReductionOf(OpKind kind) {
  switch (kind) {
    case OpKind::kReduceMax:
      return {-kInfinity, [](double a, double b) { return std::max(a, b); }};
    case OpKind::kReduceMin:
      return {kInfinity, [](double a, double b) { return std::min(a, b); }};
    case OpKind::kReduceProd:
      return {1, [](double a, double b) { return a * b; }};
    default:
      return {0, [](double a, double b) { return a + b; }};
  }
}

// A tensor as `outer` blocks of `axis` rows of `inner` elements.
struct Blocks {
  size_t outer = 1;
  size_t axis = 1;
  size_t inner = 1;
};

Blocks SplitAt(const Shape& shape, int32_t axis) {
  Blocks blocks;
  const auto at = static_cast<size_t>(axis);
  for (size_t i = 0; i < shape.rank(); ++i) {
    (i < at ? blocks.outer : i == at ? blocks.axis : blocks.inner) *= static_cast<size_t>(shape[i]);
  }
  return blocks;
}

// The place of the best of `count` elements, `stride` apart.
size_t PlaceOfBest(const float* values, const Blocks& blocks, bool largest, bool last) {
  size_t best = 0;
  for (size_t i = 1; i < blocks.axis; ++i) {
    const float value = values[i * blocks.inner];
    const float held = values[best * blocks.inner];
    const bool better = largest ? value > held : value < held;
    if (better || (last && value == held)) {
      best = i;
    }
  }
  return best;
}

}  // namespace

void ReduceFloat(const FloatCall& call) {
  const Shape& shape = *call.inputs[0].shape;
  const auto& axes = call.attributes<ReduceAttributes>().axes;
  const Reduction reduction = ReductionOf(call.op->kind);
  std::array<Strides, 1> strides{};
  int64_t step = 1;
  int64_t count = 1;
  for (size_t axis = shape.rank(); axis-- > 0;) {
    const bool reduced =
        std::find(axes.begin(), axes.end(), static_cast<int32_t>(axis)) != axes.end();
    strides[0].at(axis) = reduced ? 0 : step;
    (reduced ? count : step) *= shape[axis];
  }
  std::vector<double> results(call.output.size(), reduction.start);
  const float* next = call.inputs[0].values.data();
  const int64_t last = strides[0].at(shape.rank() - 1);
  ForEachRow<1>(shape.dims(), strides, [&](int64_t, const std::array<int64_t, 1>& to) {
    for (int64_t i = 0; i < shape.innermost(); ++i) {
      double& result = results[static_cast<size_t>(to[0] + i * last)];
      result = reduction.join(result, static_cast<double>(*next++));
    }
  });
  const auto divisor = static_cast<double>(call.op->kind == OpKind::kMean ? count : 1);
  std::transform(results.begin(), results.end(), call.output.begin(), [divisor](double result) {
    return static_cast<float>(result / divisor);
  });
}

void ArgFloat(const FloatCall& call) {
  const auto& arg = call.attributes<ArgAttributes>();
  const Blocks blocks = SplitAt(*call.inputs[0].shape, arg.axis);
  const bool largest = call.op->kind == OpKind::kArgMax;
  float* next = call.output.data();
  for (size_t outer = 0; outer < blocks.outer; ++outer) {
    const float* block = call.inputs[0].values.data() + outer * blocks.axis * blocks.inner;
    for (size_t i = 0; i < blocks.inner; ++i) {
      *next++ = static_cast<float>(PlaceOfBest(block + i, blocks, largest, arg.last));
    }
  }
}

void GatherFloat(const FloatCall& call) {
  const auto& gather = call.attributes<GatherAttributes>();
  const Blocks blocks = SplitAt(*call.inputs[0].shape, gather.axis);
  float* next = call.output.data();
  for (size_t outer = 0; outer < blocks.outer; ++outer) {
    const float* block = call.inputs[0].values.data() + outer * blocks.axis * blocks.inner;
    for (const int32_t index : gather.indices) {
      next = std::copy_n(block + static_cast<size_t>(index) * blocks.inner, blocks.inner, next);
    }
  }
}

}  // namespace plumb::npu
