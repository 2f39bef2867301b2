// Factors and offsets of channels that follow a convolution: BatchNorm, Scale, a bias of its own.
#pragma once

#include "common/npu/graph/graph.h"

namespace plumb::npu {

// Multiplications by and additions or subtractions of a float constant that has one number for each
// channel, or one for all, become part of the weights and the bias of the CONV_2D,
// DEPTHWISE_CONV_2D, TRANSPOSE_CONV or FULLY_CONNECTED before them: in integers each would cost a
// rounding and a table of its own. Only where nothing else reads what is between, and where the
// convolution has no activation. Products and sums are made in double and rounded once; those that
// are not finite are left alone. Tensors keep their indices, so that ranges calibrated before still
// fit; new constants come behind them. `graph` is valid; so is the result.
Graph FuseScales(Graph graph);

}  // namespace plumb::npu
