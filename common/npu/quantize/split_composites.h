// Operations that the fixed model has as several.
#pragma once

#include "common/npu/graph/graph.h"
#include "common/npu/quantize/calibration.h"

namespace plumb::npu {

// Graph and ranges fit each other; tensors of the graph given keep their indices, new ones follow.
struct CalibratedGraph {
  Graph graph;
  CalibrationRanges ranges;
};

// GATHER as STRIDED_SLICEs, one for each run of evenly spaced places, and their CONCATENATION;
// MAXIMUM and MINIMUM with a constant number as CLIP, of two tensors as b + relu(a − b) and b −
// relu(b − a), the range of the difference from those of a and b. A GATHER of more than 64 runs
// stays. `calibrated` is valid; so is the result.
CalibratedGraph SplitComposites(CalibratedGraph calibrated);

}  // namespace plumb::npu
