#include <algorithm>

#include "common/npu/kernels_reference/arithmetic.h"
#include "common/npu/kernels_reference/kernels.h"

namespace plumb::npu::reference {
namespace {

int64_t Weight(const LinearWeights& linear, int64_t index) {
  return static_cast<int8_t>(linear.values.data()[index]);
}

int16_t FinishSum(const LinearWeights& linear,
                  const Clamp& clamp,
                  int64_t channel,
                  int64_t sum,
                  const OpContext& context) {
  const auto c = static_cast<size_t>(channel);
  const int64_t value = Rescale(sum + linear.bias[c], linear.multipliers[c], context.profile);
  return Finish(value, context.zero_point(), clamp);
}

// Calls visit(n, y, x, c) for every place of the output in storage order.
template <class Visit>
void ForEachPlace(const OpContext& context, Visit&& visit) {
  for (int64_t n = 0; n < context.dim(0); ++n) {
    for (int64_t y = 0; y < context.dim(1); ++y) {
      for (int64_t x = 0; x < context.dim(2); ++x) {
        for (int64_t c = 0; c < context.dim(3); ++c) {
          visit(n, y, x, c);
        }
      }
    }
  }
}

// Calls visit(kernel y, kernel x, input y, input x) for every place of the window at output (y, x)
// that lies inside the picture.
template <class Visit>
void ForEachTap(const Window2d& window, const Operand& input, int64_t y, int64_t x, Visit&& visit) {
  for (int64_t ky = 0; ky < window.kernel_height; ++ky) {
    const int64_t iy = y * window.stride_height - window.pad_top + ky * window.dilation_height;
    if (iy < 0 || iy >= input.dim(1)) {
      continue;
    }
    for (int64_t kx = 0; kx < window.kernel_width; ++kx) {
      const int64_t ix = x * window.stride_width - window.pad_left + kx * window.dilation_width;
      if (ix >= 0 && ix < input.dim(2)) {
        visit(ky, kx, iy, ix);
      }
    }
  }
}

}  // namespace

void Compute(const Conv2d& conv, const OpContext& context) {
  const Operand& input = context.inputs[0];
  const int64_t group_inputs = input.dim(3) / conv.groups;
  const int64_t group_outputs = context.dim(3) / conv.groups;
  const int64_t kernel_width = conv.window.kernel_width;
  const int64_t kernel_area = conv.window.kernel_height * kernel_width;
  auto output = context.output.begin();
  ForEachPlace(context, [&](int64_t n, int64_t y, int64_t x, int64_t c) {
    const int64_t first_channel = c / group_outputs * group_inputs;
    int64_t sum = 0;
    ForEachTap(conv.window, input, y, x, [&](int64_t ky, int64_t kx, int64_t iy, int64_t ix) {
      const size_t place = input.at(n, iy, ix, first_channel);
      const int64_t weight = (c * kernel_area + ky * kernel_width + kx) * group_inputs;
      for (int64_t i = 0; i < group_inputs; ++i) {
        sum += input.centred(place + static_cast<size_t>(i)) * Weight(conv.linear, weight + i);
      }
    });
    *output++ = FinishSum(conv.linear, conv.clamp, c, sum, context);
  });
}

void Compute(const DepthwiseConv2d& conv, const OpContext& context) {
  const Operand& input = context.inputs[0];
  const int64_t outputs = context.dim(3);
  const int64_t outputs_per_input = outputs / input.dim(3);
  auto output = context.output.begin();
  ForEachPlace(context, [&](int64_t n, int64_t y, int64_t x, int64_t c) {
    int64_t sum = 0;
    ForEachTap(conv.window, input, y, x, [&](int64_t ky, int64_t kx, int64_t iy, int64_t ix) {
      const int64_t weight = (ky * conv.window.kernel_width + kx) * outputs + c;
      sum +=
          input.centred(input.at(n, iy, ix, c / outputs_per_input)) * Weight(conv.linear, weight);
    });
    *output++ = FinishSum(conv.linear, conv.clamp, c, sum, context);
  });
}

void Compute(const FullyConnected& full, const OpContext& context) {
  const Operand& input = context.inputs[0];
  const int64_t outputs = context.output_tensor->shape.innermost();
  const auto rows = static_cast<int64_t>(context.output.size()) / outputs;
  const int64_t depth = static_cast<int64_t>(input.values.size()) / rows;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t c = 0; c < outputs; ++c) {
      int64_t sum = 0;
      for (int64_t i = 0; i < depth; ++i) {
        sum += input.centred(static_cast<size_t>(row * depth + i)) *
               Weight(full.linear, c * depth + i);
      }
      context.output[static_cast<size_t>(row * outputs + c)] =
          FinishSum(full.linear, full.clamp, c, sum, context);
    }
  }
}

void Compute(const TransposeConv2d& conv, const OpContext& context) {
  const Operand& input = context.inputs[0];
  const Window2d& window = conv.window;
  const int64_t depth = input.dim(3);
  // The input line that kernel line k brings to output line `place`, or -1.
  const auto source = [](int64_t place, int64_t k, int64_t stride, int64_t size) {
    const int64_t scaled = place - k;
    return scaled >= 0 && scaled % stride == 0 && scaled / stride < size ? scaled / stride : -1;
  };
  auto output = context.output.begin();
  ForEachPlace(context, [&](int64_t n, int64_t y, int64_t x, int64_t c) {
    int64_t sum = 0;
    for (int64_t ky = 0; ky < window.kernel_height; ++ky) {
      const int64_t iy = source(y + window.pad_top, ky, window.stride_height, input.dim(1));
      for (int64_t kx = 0; iy >= 0 && kx < window.kernel_width; ++kx) {
        const int64_t ix = source(x + window.pad_left, kx, window.stride_width, input.dim(2));
        const int64_t weight = ((c * window.kernel_height + ky) * window.kernel_width + kx) * depth;
        for (int64_t i = 0; ix >= 0 && i < depth; ++i) {
          sum += input.centred(input.at(n, iy, ix, i)) * Weight(conv.linear, weight + i);
        }
      }
    }
    *output++ = FinishSum(conv.linear, conv.clamp, c, sum, context);
  });
}

void Compute(const MaxPool2d& pool, const OpContext& context) {
  const Operand& input = context.inputs[0];
  auto output = context.output.begin();
  ForEachPlace(context, [&](int64_t n, int64_t y, int64_t x, int64_t c) {
    int32_t largest = INT16_MIN;
    ForEachTap(
        pool.window, input, y, x, [&](int64_t /*ky*/, int64_t /*kx*/, int64_t iy, int64_t ix) {
          largest = std::max<int32_t>(largest, input.values[input.at(n, iy, ix, c)]);
        });
    *output++ = Finish(largest, 0, pool.clamp);
  });
}

void Compute(const AveragePool2d& pool, const OpContext& context) {
  const Operand& input = context.inputs[0];
  auto output = context.output.begin();
  ForEachPlace(context, [&](int64_t n, int64_t y, int64_t x, int64_t c) {
    int64_t sum = 0;
    int64_t count = 0;
    ForEachTap(
        pool.window, input, y, x, [&](int64_t /*ky*/, int64_t /*kx*/, int64_t iy, int64_t ix) {
          sum += input.centred(input.at(n, iy, ix, c));
          ++count;
        });
    const int64_t value = RoundAverage(sum * pool.multiplier.mantissa,
                                       count << pool.multiplier.shift,
                                       context.zero_point(),
                                       context.profile);
    *output++ = Finish(value, context.zero_point(), pool.clamp);
  });
}

void Compute(const Mean& mean, const OpContext& context) {
  const Operand& input = context.inputs[0];
  const Shape& shape = input.tensor->shape;
  const auto averaged = [&mean](size_t axis) {
    return std::find(mean.axes.begin(), mean.axes.end(), static_cast<int32_t>(axis)) !=
           mean.axes.end();
  };
  std::vector<int64_t> sums(context.output.size(), 0);
  for (size_t i = 0; i < input.values.size(); ++i) {
    const auto position = shape.Unravel(i);
    int64_t target = 0;
    for (size_t axis = 0; axis < shape.rank(); ++axis) {
      target = averaged(axis) ? target : target * shape[axis] + position.at(axis);
    }
    sums[static_cast<size_t>(target)] += input.centred(i);
  }
  const auto count = static_cast<int64_t>(input.values.size() / sums.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    const int64_t value = RoundDivide(
        sums[i] * mean.multiplier.mantissa, count << mean.multiplier.shift, context.profile);
    context.output[i] = Finish(value, context.zero_point(), mean.clamp);
  }
}

}  // namespace plumb::npu::reference
