#include <algorithm>
#include <numeric>

#include "common/npu/kernels_reference/arithmetic.h"
#include "common/npu/kernels_reference/kernels.h"

namespace plumb::npu::reference {
namespace {

constexpr int64_t kStep = 128;  // stored values between two entries of a 16-bit table

// The flat index of the element of `operand` that numpy's rules pair with an output position.
size_t BroadcastIndex(const Shape& operand,
                      const Shape& output,
                      const std::array<int64_t, Shape::kMaxRank>& position) {
  const size_t missing = output.rank() - operand.rank();
  int64_t index = 0;
  for (size_t axis = 0; axis < operand.rank(); ++axis) {
    const int64_t place = operand[axis] == 1 ? 0 : position.at(axis + missing);
    index = index * operand[axis] + place;
  }
  return static_cast<size_t>(index);
}

// output[i] = Finish(combine(a − z_a, b − z_b)), operands broadcast.
template <class Combine>
void Combined(const OpContext& context, const Clamp& clamp, Combine&& combine) {
  const Operand& a = context.inputs[0];
  const Operand& b = context.inputs[1];
  const Shape& shape = context.output_tensor->shape;
  for (size_t i = 0; i < context.output.size(); ++i) {
    const auto position = shape.Unravel(i);
    const int64_t x = a.centred(BroadcastIndex(a.tensor->shape, shape, position));
    const int64_t y = b.centred(BroadcastIndex(b.tensor->shape, shape, position));
    context.output[i] = Finish(combine(x, y), context.zero_point(), clamp);
  }
}

// output[i] = Finish(map(x − z)).
template <class Map>
void Mapped(const OpContext& context, const Clamp& clamp, Map&& map) {
  for (size_t i = 0; i < context.output.size(); ++i) {
    context.output[i] = Finish(map(context.inputs[0].centred(i)), context.zero_point(), clamp);
  }
}

int64_t Interpolate(const std::vector<int32_t>& table, int64_t value, RoundingProfile profile) {
  const int64_t position = value - INT16_MIN;
  const auto entry = static_cast<size_t>(position / kStep);
  const int64_t rise = int64_t{table[entry + 1]} - table[entry];
  return table[entry] + RoundDivide(rise * (position % kStep), kStep, profile);
}

int64_t Exponential(const Softmax& softmax, int64_t distance) {
  const std::vector<int32_t>& table = softmax.exp_table;
  if (table.size() == 256) {
    return table[static_cast<size_t>(distance)];
  }
  const int64_t coarse = table[static_cast<size_t>(distance / 256)];
  const int64_t fine = table[static_cast<size_t>(256 + distance % 256)];
  return (coarse * fine) >> 30;
}

}  // namespace

void Compute(const Add& add, const OpContext& context) {
  Combined(context, add.clamp, [&](int64_t x, int64_t y) {
    return Rescale(
        x * add.mantissa_a + y * add.mantissa_b, Multiplier{1, add.shift}, context.profile);
  });
}

void Compute(const Mul& mul, const OpContext& context) {
  Combined(context, mul.clamp, [&](int64_t x, int64_t y) {
    return Rescale(x * y, mul.multiplier, context.profile);
  });
}

void Compute(const Prelu& prelu, const OpContext& context) {
  Combined(context, prelu.clamp, [&](int64_t x, int64_t slope) {
    return x >= 0 ? Rescale(x, prelu.positive, context.profile)
                  : Rescale(x * slope, prelu.negative, context.profile);
  });
}

void Compute(const LeakyRelu& relu, const OpContext& context) {
  Mapped(context, relu.clamp, [&](int64_t x) {
    return Rescale(x, x >= 0 ? relu.positive : relu.negative, context.profile);
  });
}

void Compute(const Requantize& requantize, const OpContext& context) {
  Mapped(context, requantize.clamp, [&](int64_t x) {
    return Rescale(x, requantize.multiplier, context.profile);
  });
}

void Compute(const Lookup& lookup, const OpContext& context) {
  const Operand& input = context.inputs[0];
  const bool wide = input.tensor->element_type == ElementType::kInt16;
  const int32_t lowest = StoredRange(input.tensor->element_type).low;
  for (size_t i = 0; i < context.output.size(); ++i) {
    const int32_t value = input.values[i];
    const int64_t result = wide ? Interpolate(lookup.table, value, context.profile)
                                : lookup.table[static_cast<size_t>(value - lowest)];
    context.output[i] = static_cast<int16_t>(result);
  }
}

void Compute(const Softmax& softmax, const OpContext& context) {
  const std::span<const int16_t> values = context.inputs[0].values;
  const auto classes = static_cast<size_t>(context.output_tensor->shape.innermost());
  for (size_t row = 0; row < values.size(); row += classes) {
    const std::span<const int16_t> x = values.subspan(row, classes);
    const int64_t largest = *std::max_element(x.begin(), x.end());
    const int64_t sum =
        std::accumulate(x.begin(), x.end(), int64_t{0}, [&](int64_t so_far, int16_t value) {
          return so_far + Exponential(softmax, largest - value);
        });
    for (size_t i = 0; i < classes; ++i) {
      const int64_t numerator = Exponential(softmax, largest - x[i]) * softmax.output.mantissa;
      const int64_t share = RoundDivide(numerator, sum << softmax.output.shift, context.profile);
      context.output[row + i] = Finish(share, context.zero_point(), softmax.clamp);
    }
  }
}

}  // namespace plumb::npu::reference
