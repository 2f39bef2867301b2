#include "common/npu/kernels_fast/dot.h"

#include <algorithm>

namespace plumb::npu::fast {
namespace {

// Always inlined, so that each variant below compiles it for its own instruction set.
[[gnu::always_inline]] inline void DotTwoByFour(const int16_t* x0,
                                                const int16_t* x1,
                                                const int16_t* weights,
                                                const DotArguments& args,
                                                int64_t* sums) {
  for (size_t begin = 0; begin < args.stride; begin += args.block) {
    const size_t end = std::min(begin + args.block, args.stride);
    const int16_t* w0 = weights;
    const int16_t* w1 = weights + args.stride;
    const int16_t* w2 = weights + 2 * args.stride;
    const int16_t* w3 = weights + 3 * args.stride;
    int32_t s00 = 0;
    int32_t s01 = 0;
    int32_t s02 = 0;
    int32_t s03 = 0;
    int32_t s10 = 0;
    int32_t s11 = 0;
    int32_t s12 = 0;
    int32_t s13 = 0;
    for (size_t k = begin; k < end; ++k) {
      s00 += x0[k] * w0[k];
      s01 += x0[k] * w1[k];
      s02 += x0[k] * w2[k];
      s03 += x0[k] * w3[k];
      s10 += x1[k] * w0[k];
      s11 += x1[k] * w1[k];
      s12 += x1[k] * w2[k];
      s13 += x1[k] * w3[k];
    }
    sums[0] += s00;
    sums[1] += s01;
    sums[2] += s02;
    sums[3] += s03;
    int64_t* second = sums + args.channels;
    second[0] += s10;
    second[1] += s11;
    second[2] += s12;
    second[3] += s13;
  }
}

[[gnu::always_inline]] inline void DotTile(const DotArguments& args) {
  const size_t pixels = (args.pixels + 1) / 2 * 2;
  std::fill(args.sums, args.sums + pixels * args.channels, 0);
  for (size_t c = 0; c < args.channels; c += kChannelTile) {
    for (size_t p = 0; p < pixels; p += 2) {
      const int16_t* column = args.columns + p * args.stride;
      DotTwoByFour(column,
                   column + args.stride,
                   args.weights + c * args.stride,
                   args,
                   args.sums + p * args.channels + c);
    }
  }
}

void DotBaseline(const DotArguments& args) {
  DotTile(args);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void DotAvx2(const DotArguments& args) {
  DotTile(args);
}
#endif

}  // namespace

DotFunction ChooseDot() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") != 0) {
    return DotAvx2;
  }
#endif
  return DotBaseline;
}

}  // namespace plumb::npu::fast
