// Internal: the inner loops, compiled once for each instruction set. All give the same integers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/npu/kernels_fast/instruction_set.h"
#include "common/npu/model/rounding.h"

namespace plumb::npu::fast {

constexpr size_t kMaxLanes = 16;      // 32-bit sums in the widest vector
constexpr size_t kMaxTilePixels = 8;  // pixels that share a load of weights

// stored = clamp(sum · mantissa / 2^shift + zero point), rounded as the profile says.
// |sum · mantissa / 2^shift| < 2^30.
struct Requantizer {
  const int32_t* mantissas;  // ≥ 0
  const int32_t* shifts;     // 1…62
  int32_t zero_point;
  int32_t low;
  int32_t high;
  RoundingProfile profile;
};

// sums[b][p][l] = bias[b · lanes + l] + Σ_{t, k} rows[t][p][k] · weights[b][t][k / 2][l][k mod 2]
// for p < pixels, k < 2 · pairs; sums has a row of `lanes` for each of tile_pixels. No sum on the
// way leaves 32 bits. A row may be read up to 2 · pairs.
struct TileArguments {
  const int16_t* const* rows;  // [taps][tile_pixels], every one readable
  size_t taps;
  size_t pairs;
  size_t tap_stride;    // in the weights, in pairs; ≥ pairs
  size_t block_stride;  // in the weights, in pairs
  const int16_t* weights;
  const int32_t* bias;
  size_t blocks;
  size_t pixels;
  int32_t* sums;
};

// outputs[p][c] = requantised sums[c / lanes][p][c mod lanes] for c < channels.
struct StoreArguments {
  const int32_t* sums;
  size_t pixels;
  size_t channels;
  int16_t* const* outputs;
  Requantizer requantizer;  // per channel, readable up to a multiple of lanes
};

// One row of a depthwise convolution. Weights are [channel block][row pair][kx][lanes][2].
struct DepthwiseArguments {
  const int16_t* const* rows;  // one per kernel row: the input row, or null where all is padding
  size_t kernel_height;
  size_t kernel_width;
  size_t stride;    // horizontal
  size_t dilation;  // horizontal
  ptrdiff_t pad_left;
  size_t input_width;
  size_t input_channels;
  size_t output_width;
  size_t channels;  // of the output: input_channels · repeat
  size_t repeat;
  int16_t zero_point;  // of the input
  const int16_t* weights;
  const int32_t* bias;
  Requantizer requantizer;  // per channel, readable up to a multiple of lanes
  int16_t* scratch;         // DepthwiseScratch(…) elements
  int16_t* output;
};

// The columns of the input that one row of windows covers.
constexpr size_t DepthwiseColumns(const DepthwiseArguments& args) {
  return (args.output_width - 1) * args.stride + (args.kernel_width - 1) * args.dilation + 1;
}

constexpr size_t DepthwiseScratch(const DepthwiseArguments& args, size_t lanes) {
  return (args.kernel_height + 1) / 2 * DepthwiseColumns(args) * lanes * 2;
}

enum class Pointwise : uint8_t {
  kRescale,    // x
  kMultiply,   // x · y
  kPrelu,      // x for x ≥ 0, by the first factor; x · y else, by the second
  kLeakyRelu,  // as kPrelu with y = 1
  kAdd,        // x · mantissas[0] + y · mantissas[1], over one shift
};

// output = requantised combination of x = a − zero_a and y = b − zero_b. The requantiser's arrays
// have two entries; kRescale and kMultiply use the first. For kAdd the products are wide, mantissas
// may be negative and the shifts are equal.
struct PointwiseArguments {
  Pointwise kind;
  const int16_t* a;
  const int16_t* b;  // as a where there is no second operand
  int32_t zero_a;
  int32_t zero_b;
  size_t count;
  int16_t* output;
  Requantizer requantizer;
};

struct VectorKernels {
  size_t lanes;
  size_t tile_pixels;
  void (*multiply)(const TileArguments&);
  void (*store)(const StoreArguments&);
  void (*depthwise)(const DepthwiseArguments&);
  void (*pointwise)(const PointwiseArguments&);
};

// `set` must be one that this CPU has (IsSupported).
const VectorKernels& KernelsFor(InstructionSet set);

}  // namespace plumb::npu::fast
