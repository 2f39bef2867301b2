// The inner product at the heart of convolutions and matrix products.
#pragma once

#include <cstddef>
#include <cstdint>

namespace plumb::npu::fast {

constexpr size_t kColumnTile = 8;     // columns computed together
constexpr size_t kChannelTile = 4;    // weight rows are padded to a multiple of this
constexpr size_t kDepthPadding = 32;  // and rows to a multiple of this many elements

// sums[p · channels + c] = Σ_k columns[p · stride + k] · weights[c · stride + k] for c < channels
// and p < pixels rounded up to 2. stride is a multiple of kDepthPadding, channels of kChannelTile.
// Partial sums of `block` elements (a multiple of kDepthPadding) fit in 32 bits.
struct DotArguments {
  const int16_t* columns;
  const int16_t* weights;
  size_t pixels;
  size_t channels;
  size_t stride;
  size_t block;
  int64_t* sums;
};

using DotFunction = void (*)(const DotArguments&);

// The variant for the CPU this runs on. All give the same sums.
DotFunction ChooseDot();

}  // namespace plumb::npu::fast
