// Internal: rows of depthwise convolutions. See vector_loops.h for V.
#pragma once

#include "common/npu/kernels_fast/vector_kernels.h"
#include "common/npu/kernels_fast/vector_rounding.h"

namespace plumb::npu::fast {
namespace {

// The channels of one block of one place, from the row whose places lie in memory one by one.
template <class V>
typename V::Ints LoadPlace(const DepthwiseArguments& args,
                           const int16_t* row,
                           size_t x,
                           size_t channel) {
  const size_t first = x * args.input_channels + channel;
  if (args.repeat == 1 && first + V::kLanes <= args.input_width * args.input_channels) {
    return V::Load16(row + first);
  }
  int16_t values[V::kLanes];
  for (size_t i = 0; i < V::kLanes; ++i) {
    const size_t c = channel + i;
    values[i] = c < args.channels ? row[x * args.input_channels + c / args.repeat] : int16_t{0};
  }
  return V::Load16(values);
}

// Two rows as pairs, with the padding left and right: scratch[row pair][column][lane][2].
template <class V>
void InterleaveRows(const DepthwiseArguments& args, size_t channel) {
  using Ints = typename V::Ints;
  const Ints padding = V::Set(args.zero_point);
  const size_t columns = DepthwiseColumns(args);
  int16_t* target = args.scratch;
  for (size_t ky = 0; ky < args.kernel_height; ky += 2) {
    const int16_t* upper = args.rows[ky];
    const int16_t* lower = args.rows[ky + 1 < args.kernel_height ? ky + 1 : ky];
    for (size_t column = 0; column < columns; ++column) {
      // Left of the picture this wraps around and is too large as well.
      const size_t x = column - static_cast<size_t>(args.pad_left);
      Ints first = padding;
      Ints second = padding;
      if (x < args.input_width) {
        first = upper == nullptr ? padding : LoadPlace<V>(args, upper, x, channel);
        second = lower == nullptr ? padding : LoadPlace<V>(args, lower, x, channel);
      }
      V::StorePairs(target, V::MakePairs(first, second));
      target += V::kLanes * 2;
    }
  }
}

// kPixels neighbouring sums of one block of channels.
template <class V, size_t kPixels>
void SumWindows(const DepthwiseArguments& args,
                size_t channel,
                size_t x,
                typename V::Ints (&sums)[kPixels]) {
  using Ints = typename V::Ints;
  constexpr size_t kStep = V::kLanes * 2;
  const size_t columns = DepthwiseColumns(args);
  const size_t row_pairs = (args.kernel_height + 1) / 2;
  const int16_t* weights = args.weights + channel * 2 * row_pairs * args.kernel_width;
  for (size_t p = 0; p < kPixels; ++p) {
    sums[p] = V::Load(args.bias + channel);
  }
  for (size_t r = 0; r < row_pairs; ++r) {
    const int16_t* row = args.scratch + (r * columns + x * args.stride) * kStep;
    for (size_t kx = 0; kx < args.kernel_width; ++kx) {
      const Ints w = V::Pairs(weights);
      weights += kStep;
      for (size_t p = 0; p < kPixels; ++p) {
        sums[p] = V::AddProducts(sums[p], V::Pairs(row + p * args.stride * kStep), w);
      }
      row += args.dilation * kStep;
    }
  }
}

template <class V>
struct DepthwiseRow {
  template <RoundingProfile kProfile>
  static void Run(const DepthwiseArguments& args) {
    const Finisher<V> finish(args.requantizer);
    for (size_t c = 0; c < args.channels; c += V::kLanes) {
      InterleaveRows<V>(args, c);
      const Rounder<V, kProfile> round(V::Load(args.requantizer.mantissas + c),
                                       V::Load(args.requantizer.shifts + c));
      size_t x = 0;
      for (; x + 4 <= args.output_width; x += 4) {
        RunPixels<4>(args, c, x, round, finish);
      }
      for (; x < args.output_width; ++x) {
        RunPixels<1>(args, c, x, round, finish);
      }
    }
  }

 private:
  template <size_t kPixels, class Round>
  static void RunPixels(const DepthwiseArguments& args,
                        size_t channel,
                        size_t x,
                        const Round& round,
                        const Finisher<V>& finish) {
    typename V::Ints sums[kPixels];
    SumWindows<V, kPixels>(args, channel, x, sums);
    for (size_t p = 0; p < kPixels; ++p) {
      StorePart<V>(args.output + (x + p) * args.channels + channel,
                   finish(round(sums[p])),
                   args.channels - channel);
    }
  }
};

}  // namespace
}  // namespace plumb::npu::fast
