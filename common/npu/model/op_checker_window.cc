// The part of OpChecker that looks at ops_window.h.
#include <algorithm>
#include <cstdlib>

#include "common/base/checked.h"
#include "common/npu/model/op_checker.h"

namespace plumb::npu {
namespace {

constexpr int64_t kMaxWindow = 4096;       // of kernel, stride, dilation and padding
constexpr int64_t kMaxPosition = 1 << 30;  // of any place a window touches
// Positions of a transposed convolution's output relative to its strides, packed one by one.
constexpr int64_t kMaxPhases = 1024;
constexpr int64_t kBiasLimit = int64_t{1} << 46;
constexpr int64_t kSumLimit = int64_t{1} << 47;
constexpr int64_t kProductLimit = int64_t{1} << 62;

Status Bad(std::string what) {
  return InvalidArgumentError(std::move(what));
}

// One axis of a window.
struct Axis {
  int64_t kernel;
  int64_t stride;
  int64_t dilation;
  int64_t pad;

  [[nodiscard]] bool Sane() const {
    return kernel >= 1 && kernel <= kMaxWindow && stride >= 1 && stride <= kMaxWindow &&
           dilation >= 1 && dilation <= kMaxWindow && pad >= 0 && pad <= kMaxWindow;
  }

  // The last place that `count` windows touch stays far from overflow.
  [[nodiscard]] bool Reachable(int64_t count) const {
    return (count - 1) * stride + kernel * dilation < kMaxPosition;
  }

  // Every one of `count` windows holds an element of an axis of `size`.
  [[nodiscard]] bool Covers(int64_t count, int64_t size) const {
    return pad < kernel && (count - 1) * stride - pad < size;
  }
};

Axis Rows(const Window2d& window) {
  return {window.kernel_height, window.stride_height, window.dilation_height, window.pad_top};
}

Axis Columns(const Window2d& window) {
  return {window.kernel_width, window.stride_width, window.dilation_width, window.pad_left};
}

// `steps` is the shape that windows are counted in: the output's, or a transposed convolution's
// input.
Status CheckWindow(const Window2d& window, const Shape& steps) {
  const bool fits = Rows(window).Sane() && Columns(window).Sane() &&
                    Rows(window).Reachable(steps[1]) && Columns(window).Reachable(steps[2]);
  return fits ? OkStatus() : Bad("its window is out of bounds");
}

Status CheckPoolWindow(const Window2d& window, const Shape& input, const Shape& output) {
  PLUMB_RETURN_IF_ERROR(CheckWindow(window, output));
  const bool fits = window.dilation_height == 1 && window.dilation_width == 1 &&
                    Rows(window).Covers(output[1], input[1]) &&
                    Columns(window).Covers(output[2], input[2]) && input[3] == output[3];
  return fits ? OkStatus() : Bad("a window lies wholly in the padding, or channels differ");
}

uint64_t KernelArea(const Window2d& window) {
  return static_cast<uint64_t>(window.kernel_height) * static_cast<uint64_t>(window.kernel_width);
}

}  // namespace

Status OpChecker::OnePicture() const {
  PLUMB_RETURN_IF_ERROR(InputCount(1));
  const Shape& input = Input().shape;
  return input.rank() == 4 && output_.shape.rank() == 4 && input[0] == output_.shape[0]
             ? OkStatus()
             : Bad("input and output must be [batch, height, width, channels] with one batch size");
}

Status OpChecker::LinearFits(const LinearWeights& linear,
                             uint64_t channels,
                             uint64_t weights_per_channel) const {
  const auto weights = CheckedMul(channels, weights_per_channel);
  if (!weights || linear.values.size() != *weights) {
    return Bad("it has " + std::to_string(linear.values.size()) +
               " weights, not what its shapes need");
  }
  if (linear.bias.size() != channels || linear.multipliers.size() != channels) {
    return Bad("it needs one bias and one multiplier per output channel");
  }
  for (const Multiplier& multiplier : linear.multipliers) {
    PLUMB_RETURN_IF_ERROR(CheckMultiplier(multiplier));
  }
  return OkStatus();
}

Status OpChecker::SumsFit(const LinearWeights& linear,
                          uint64_t channel_step,
                          uint64_t element_step) const {
  const FixedTensor& input = Input();
  const Clamp range = StoredRange(input.element_type);
  const int64_t largest = std::max(range.high - input.zero_point, input.zero_point - range.low);
  const size_t channels = linear.bias.size();
  const uint64_t per_channel = linear.values.size() / channels;
  const auto* values = reinterpret_cast<const int8_t*>(linear.values.data());
  for (size_t c = 0; c < channels; ++c) {
    int64_t sum = 0;
    for (uint64_t i = 0; i < per_channel; ++i) {
      sum += std::abs(static_cast<int>(values[c * channel_step + i * element_step]));
    }
    const int64_t bias = linear.bias[c];
    if (bias <= -kBiasLimit || bias >= kBiasLimit || sum * largest + std::abs(bias) >= kSumLimit) {
      return Bad("the sums of channel " + std::to_string(c) + " could overflow");
    }
  }
  return OkStatus();
}

Status OpChecker::operator()(const Conv2d& conv) const {
  PLUMB_RETURN_IF_ERROR(OnePicture());
  PLUMB_RETURN_IF_ERROR(CheckWindow(conv.window, output_.shape));
  const int64_t input_channels = Input().shape[3];
  const int64_t output_channels = output_.shape[3];
  if (conv.groups < 1 || input_channels % conv.groups != 0 || output_channels % conv.groups != 0) {
    return Bad("its groups do not divide the channels");
  }
  const uint64_t per_channel =
      KernelArea(conv.window) * static_cast<uint64_t>(input_channels / conv.groups);
  PLUMB_RETURN_IF_ERROR(
      LinearFits(conv.linear, static_cast<uint64_t>(output_channels), per_channel));
  PLUMB_RETURN_IF_ERROR(SumsFit(conv.linear, per_channel, 1));
  return ClampFits(conv.clamp);
}

Status OpChecker::operator()(const DepthwiseConv2d& conv) const {
  PLUMB_RETURN_IF_ERROR(OnePicture());
  PLUMB_RETURN_IF_ERROR(CheckWindow(conv.window, output_.shape));
  if (output_.shape[3] % Input().shape[3] != 0) {
    return Bad("its output channels are no multiple of its input channels");
  }
  const auto channels = static_cast<uint64_t>(output_.shape[3]);
  PLUMB_RETURN_IF_ERROR(LinearFits(conv.linear, channels, KernelArea(conv.window)));
  PLUMB_RETURN_IF_ERROR(SumsFit(conv.linear, 1, channels));
  return ClampFits(conv.clamp);
}

Status OpChecker::operator()(const FullyConnected& full) const {
  PLUMB_RETURN_IF_ERROR(InputCount(1));
  const auto channels = static_cast<uint64_t>(output_.shape.innermost());
  const uint64_t rows = CountOf(output_) / channels;
  const uint64_t depth = CountOf(Input()) / rows;
  if (depth == 0 || depth * rows != CountOf(Input())) {
    return Bad("its input does not divide into the output's rows");
  }
  PLUMB_RETURN_IF_ERROR(LinearFits(full.linear, channels, depth));
  PLUMB_RETURN_IF_ERROR(SumsFit(full.linear, depth, 1));
  return ClampFits(full.clamp);
}

Status OpChecker::operator()(const TransposeConv2d& conv) const {
  PLUMB_RETURN_IF_ERROR(OnePicture());
  PLUMB_RETURN_IF_ERROR(CheckWindow(conv.window, Input().shape));
  if (conv.window.dilation_height != 1 || conv.window.dilation_width != 1 ||
      int64_t{conv.window.stride_height} * conv.window.stride_width > kMaxPhases) {
    return Bad("a dilation or strides this large are not supported");
  }
  const uint64_t per_channel = KernelArea(conv.window) * static_cast<uint64_t>(Input().shape[3]);
  PLUMB_RETURN_IF_ERROR(
      LinearFits(conv.linear, static_cast<uint64_t>(output_.shape[3]), per_channel));
  PLUMB_RETURN_IF_ERROR(SumsFit(conv.linear, per_channel, 1));
  return ClampFits(conv.clamp);
}

Status OpChecker::operator()(const MaxPool2d& pool) const {
  PLUMB_RETURN_IF_ERROR(OnePicture());
  PLUMB_RETURN_IF_ERROR(SameQuantization());
  PLUMB_RETURN_IF_ERROR(CheckPoolWindow(pool.window, Input().shape, output_.shape));
  return ClampFits(pool.clamp);
}

Status OpChecker::PoolFits(const Multiplier& multiplier, uint64_t max_count) const {
  PLUMB_RETURN_IF_ERROR(CheckMultiplier(multiplier));
  const auto count = static_cast<int64_t>(max_count);
  const auto largest = CheckedMul(count * 32768, int64_t{multiplier.mantissa});
  if (!largest || *largest >= kProductLimit || count >= kProductLimit >> multiplier.shift) {
    return Bad("the sums of its " + std::to_string(count) +
               " elements could overflow: its multiplier has too many bits");
  }
  return OkStatus();
}

Status OpChecker::operator()(const AveragePool2d& pool) const {
  PLUMB_RETURN_IF_ERROR(OnePicture());
  PLUMB_RETURN_IF_ERROR(CheckPoolWindow(pool.window, Input().shape, output_.shape));
  PLUMB_RETURN_IF_ERROR(PoolFits(pool.multiplier, KernelArea(pool.window)));
  return ClampFits(pool.clamp);
}

Status OpChecker::operator()(const Mean& mean) const {
  PLUMB_RETURN_IF_ERROR(InputCount(1));
  const Shape& input = Input().shape;
  uint64_t count = 1;
  int64_t previous = -1;
  for (const int32_t axis : mean.axes) {
    if (axis <= previous || axis >= static_cast<int64_t>(input.rank())) {
      return Bad("its axes are not ascending axes of the input");
    }
    count *= static_cast<uint64_t>(input[static_cast<size_t>(axis)]);
    previous = axis;
  }
  if (CountOf(output_) * count != CountOf(Input())) {
    return Bad("its output does not fit its axes");
  }
  PLUMB_RETURN_IF_ERROR(PoolFits(mean.multiplier, count));
  return ClampFits(mean.clamp);
}

}  // namespace plumb::npu
