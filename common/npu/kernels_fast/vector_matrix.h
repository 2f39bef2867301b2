// Internal: tiles of matrix products. See vector_loops.h for V.
#pragma once

#include "common/npu/kernels_fast/vector_kernels.h"
#include "common/npu/kernels_fast/vector_rounding.h"

namespace plumb::npu::fast {
namespace {

template <class V, size_t kPixels, size_t kBlocks>
void MultiplyBlocks(const TileArguments& args, size_t block) {
  using Ints = typename V::Ints;
  constexpr size_t kStep = V::kLanes * 2;
  Ints sums[kPixels][kBlocks];
  for (size_t n = 0; n < kBlocks; ++n) {
    const Ints bias = V::Load(args.bias + (block + n) * V::kLanes);
    for (size_t p = 0; p < kPixels; ++p) {
      sums[p][n] = bias;
    }
  }
  for (size_t tap = 0; tap < args.taps; ++tap) {
    const int16_t* const* rows = args.rows + tap * V::kTilePixels;
    const int16_t* weights =
        args.weights + (block * args.block_stride + tap * args.tap_stride) * kStep;
    for (size_t k = 0; k < args.pairs; ++k) {
      Ints w[kBlocks];
      for (size_t n = 0; n < kBlocks; ++n) {
        w[n] = V::Pairs(weights + (n * args.block_stride + k) * kStep);
      }
      for (size_t p = 0; p < kPixels; ++p) {
        const Ints x = V::BroadcastPair(rows[p] + 2 * k);
        for (size_t n = 0; n < kBlocks; ++n) {
          sums[p][n] = V::AddProducts(sums[p][n], x, w[n]);
        }
      }
    }
  }
  for (size_t n = 0; n < kBlocks; ++n) {
    for (size_t p = 0; p < kPixels; ++p) {
      V::Store(args.sums + ((block + n) * V::kTilePixels + p) * V::kLanes, sums[p][n]);
    }
  }
}

template <class V, size_t kPixels>
void MultiplyPixels(const TileArguments& args) {
  size_t block = 0;
  for (; block + 2 <= args.blocks; block += 2) {
    MultiplyBlocks<V, kPixels, 2>(args, block);
  }
  if (block < args.blocks) {
    MultiplyBlocks<V, kPixels, 1>(args, block);
  }
}

// Pixels that are not wanted are computed all the same, from rows that are there.
template <class V>
void MultiplyTile(const TileArguments& args) {
  if (args.pixels == 1) {
    MultiplyPixels<V, 1>(args);
  } else if (args.pixels <= V::kTilePixels / 2) {
    MultiplyPixels<V, V::kTilePixels / 2>(args);
  } else {
    MultiplyPixels<V, V::kTilePixels>(args);
  }
}

template <class V>
struct StoreTile {
  template <RoundingProfile kProfile>
  static void Run(const StoreArguments& args) {
    const Finisher<V> finish(args.requantizer);
    for (size_t c = 0; c < args.channels; c += V::kLanes) {
      const Rounder<V, kProfile> round(V::Load(args.requantizer.mantissas + c),
                                       V::Load(args.requantizer.shifts + c));
      const int32_t* sums = args.sums + c * V::kTilePixels;
      for (size_t p = 0; p < args.pixels; ++p) {
        StorePart<V>(
            args.outputs[p] + c, finish(round(V::Load(sums + p * V::kLanes))), args.channels - c);
      }
    }
  }
};

}  // namespace
}  // namespace plumb::npu::fast
