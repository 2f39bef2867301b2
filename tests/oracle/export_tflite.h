// Graph to TFLite file: what the official runtime is to run.
#pragma once

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/npu/graph/graph.h"

namespace plumb::testing {

// A FlatBuffer of one subgraph with built-in operations alone; float32 or int8 tensors, names kept.
// Every operation of `graph` becomes one of the file, its steering operands constants behind the
// graph's own tensors. kUnimplemented for a window whose padding is neither SAME nor VALID and for
// grouped convolutions, naming the operation. `graph` is valid.
Result<Buffer> ExportTflite(const npu::Graph& graph);

}  // namespace plumb::testing
