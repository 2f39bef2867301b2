// How the real tensors of a graph that is quantised by QUANTIZE and DEQUANTIZE (ONNX's QDQ) are
// stored: as the QUANTIZE behind them says.
#pragma once

#include <optional>
#include <vector>

#include "common/npu/graph/graph.h"
#include "common/npu/quantize/scheme.h"

namespace plumb::npu {

// For each tensor the scheme that every reader wants: a QUANTIZE itself, or behind a RELU, a clip,
// a MAX_POOL or what only moves elements, which give the same integers before and after rounding.
// nullopt where readers differ or one wants reals. `graph` is valid.
std::vector<std::optional<Scheme>> FindWantedSchemes(const Graph& graph);

bool SameScheme(const Scheme& a, const Scheme& b);

}  // namespace plumb::npu
