// ONNX files to Graph.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/npu/graph/graph.h"

namespace plumb::npu {

// Input name to shape, as the file orders its axes: {"x", {1, 3, 48, 192}}. An empty name stands
// for the only input there is.
using InputShapes = std::map<std::string, std::vector<int64_t>>;

// `shapes` with the only one of `inputs` in place of the empty name. kInvalidArgument when there is
// not exactly one, or when it is named too.
Result<InputShapes> NamedShapes(const InputShapes& shapes, const std::vector<std::string>& inputs);

// True when the bytes begin as an ONNX model does (which has no identifier of its own).
bool LooksLikeOnnx(const Buffer& file);

// Reads a float ONNX model of operator set 1 to 20 (onnx_types.h: what of 1 to 6, and what becomes
// of integers). Tensors keep their names.
//
// Layout. What ONNX has as [N, C, H, W] is [N, H, W, C] here, inputs and outputs too; weights and
// axes are turned to match. A graph input whose only readers turn it from NHWC is NHWC already and
// stays. Where the order of the elements shows (Reshape to another rank, MatMul, …) a TRANSPOSE
// 'tensor:nchw' stands before. Steps that one ONNX node takes here are called 'output:step'.
//
// Shapes. `shapes` fixes what the file leaves open; an open first dimension is 1 without it.
// Shape arithmetic is evaluated and does not appear in the graph.
//
// The graph passed ValidateGraph; constants are copies.
//   kInvalidArgument  malformed file; an open dimension or a wrong name or shape in `shapes`
//   kUnimplemented    an operation, type or option outside the supported set; names node and op
Result<Graph> ImportOnnx(const Buffer& file, std::string name, const InputShapes& shapes = {});

// "Abs, Add, AveragePool, …", for help texts and error messages.
std::string SupportedOnnxOps();

}  // namespace plumb::npu
