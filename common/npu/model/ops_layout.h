// Operations that move or blend stored values (see ops.h). All but Concat demand that the output
// has the input's type, scale and zero point.
#pragma once

#include <cstdint>
#include <vector>

#include "common/npu/model/multiplier.h"

namespace plumb::npu {

struct Pad {
  std::vector<int32_t> before;  // per axis
  int32_t value = 0;            // stored value, usually the zero point
};

// Each input is rescaled by its own multiplier; {1, 0} with equal zero points copies.
struct Concat {
  int32_t axis = 0;
  std::vector<Multiplier> multipliers;
  Clamp clamp;
};

struct Reshape {};

// Output axis i is input axis permutation[i].
struct Transpose {
  std::vector<int32_t> permutation;
};

// One entry per output row (or column): value = lower · (2048 − weight) + upper · weight.
struct Taps {
  std::vector<int32_t> lower;
  std::vector<int32_t> upper;
  std::vector<int32_t> weight;  // 0…2048
};

// RoundDivide(Σ of the four stored values · row weight · column weight, 2^22).
struct ResizeBilinear {
  Taps rows;
  Taps columns;
};

struct ResizeNearest {
  std::vector<int32_t> rows;  // input row of each output row
  std::vector<int32_t> columns;
};

// Output channel c of place (h·block + i, w·block + j) is input channel (i·block + j)·channels + c.
struct DepthToSpace {
  int32_t block = 1;
};

// Output position p is input begin + p · stride, per axis; strides ≥ 1. Also SLICE and SPLIT.
struct StridedSlice {
  std::vector<int32_t> begin;
  std::vector<int32_t> stride;
};

}  // namespace plumb::npu
