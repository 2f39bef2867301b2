// A float Graph as an ONNX file, for a foreign runtime to be timed on the same network.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/npu/graph/graph.h"

namespace plumb::bench {

// Inputs are "input0", …, outputs "output0", …. Pictures (rank 4) are NCHW there: see ToPlanes.
// kUnimplemented for operations that the benchmarked networks do not have; names the operation.
Result<std::string> ExportOnnx(const npu::Graph& graph);

// [N, H, W, C] to [N, C, H, W]; anything else is returned as it is.
std::vector<float> ToPlanes(const Shape& shape, std::vector<float> values);

// The shape that goes with it.
std::vector<int64_t> PlanesShape(const Shape& shape);

}  // namespace plumb::bench
