// Operations that sum over a window: convolutions, matrix products, pooling, means (see ops.h).
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/buffer.h"
#include "common/npu/model/multiplier.h"

namespace plumb::npu {

struct Window2d {
  int32_t kernel_height = 1, kernel_width = 1;
  int32_t stride_height = 1, stride_width = 1;
  int32_t dilation_height = 1, dilation_width = 1;
  int32_t pad_top = 0, pad_left = 0;
};

// One bias and one multiplier (input scale × weight scale / output scale) per output channel;
// result = Rescale(Σ (x − z) · w + bias). Places in the padding add nothing.
struct LinearWeights {
  Buffer values;              // int8, symmetric, in the order the operation states
  std::vector<int64_t> bias;  // |bias| < 2^46, in units of input scale × weight scale
  std::vector<Multiplier> multipliers;
};

// Weights [output][kernel_height][kernel_width][input / groups].
struct Conv2d {
  Window2d window;
  int32_t groups = 1;
  LinearWeights linear;
  Clamp clamp;
};

// Weights [kernel_height][kernel_width][output]; output channel c reads input channel
// c / (output / input).
struct DepthwiseConv2d {
  Window2d window;
  LinearWeights linear;
  Clamp clamp;
};

// Weights [output][input]; the input is read as rows of `input` elements, whatever its shape.
struct FullyConnected {
  LinearWeights linear;
  Clamp clamp;
};

// Weights [output][kernel_height][kernel_width][input]; input (i, j) adds to output
// (i·stride − pad + k); dilation 1.
struct TransposeConv2d {
  Window2d window;
  LinearWeights linear;
  Clamp clamp;
};

// Input and output share scale and zero point. Places in the padding do not take part.
struct MaxPool2d {
  Window2d window;
  Clamp clamp;
};

// RoundAverage(Σ (x − z) · mantissa, count << shift), count = elements inside the picture.
struct AveragePool2d {
  Window2d window;
  Multiplier multiplier;  // input scale / output scale
  Clamp clamp;
};

// RoundDivide of the same over whole axes (ascending, each once); kept dimensions of size 1 are
// optional.
struct Mean {
  std::vector<int32_t> axes;
  Multiplier multiplier;
  Clamp clamp;
};

}  // namespace plumb::npu
