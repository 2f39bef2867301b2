// Softmaxes that an exporter took apart.
#pragma once

#include "common/npu/graph/graph.h"

namespace plumb::npu {

// exp(x − max x) / Σ exp(x − max x) over the last axis, as REDUCE_MAX, SUB, EXP, SUM and DIV, to
// one SOFTMAX: the quotient has no fixed-point form, the softmax has. Only where nothing else reads
// what is between; tensors keep their indices, so that ranges calibrated before still fit. `graph`
// is valid; so is the result.
Graph FuseSoftmax(Graph graph);

}  // namespace plumb::npu
