// What follows an import: float run, calibration, quantisation, both kernel sets.
#pragma once

#include <memory>

#include "common/npu/graph/graph.h"

namespace plumb::fuzz {

// Ends the program when a valid, small graph does not run in float, or when its quantised form is
// not the same on both kernel sets. Larger graphs are left alone.
void RequireRuns(const std::shared_ptr<const npu::Graph>& graph, int bits);

}  // namespace plumb::fuzz
