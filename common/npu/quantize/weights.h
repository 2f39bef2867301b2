// Weights and biases as integers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/npu/graph/graph.h"
#include "common/npu/quantize/quantize.h"

namespace plumb::npu {

// One scale and one bias for each output channel; `values` in the graph's order. bias is in units
// of input scale · scale.
struct IntegerWeights {
  Buffer values;  // int8, symmetric
  std::vector<double> scales;
  std::vector<int64_t> bias;
};

// True for the kinds whose operands 1 and 2 are weights and bias.
bool HasWeights(OpKind kind);

// Real weights as integers: scale = max |w| / 127 as a float32, or more where the bias would not
// fit in 31 (bits 8) or 41 bits (bits 16), or more where the multiplier that comes of it could not
// be told exactly (table.h): channels whose weights are nothing beside a step of the output.
// kInvalidArgument when a weight or bias is not finite.
struct WeightUse {
  double input_scale = 1;
  double output_scale = 1;
  int bits = 8;  // of the input
};

Result<IntegerWeights> QuantizeWeights(const Graph& graph,
                                       const GraphOp& op,
                                       const WeightUse& use,
                                       WeightScales kind = WeightScales::kPerChannel);

// The same with scales that are known: one for each output channel, or one for all.
// kInvalidArgument for any other number of them.
Result<IntegerWeights> QuantizeWeightsWith(const Graph& graph,
                                           const GraphOp& op,
                                           double input_scale,
                                           std::span<const double> scales);

// The file's own integers. A bias that the file has in reals, or in another scale than
// `input_scale` times the weights', is rounded to those units. kUnimplemented for weights that are
// not symmetric int8 (uint8 with the zero point 128 counts), naming the tensor.
Result<IntegerWeights> TakeWeights(const Graph& graph, const GraphOp& op, double input_scale);

}  // namespace plumb::npu
