// TFLite files to Graph.
#pragma once

#include <string>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/npu/graph/graph.h"

namespace plumb::npu {

// True when `file` carries the TFLite file identifier.
bool LooksLikeTflite(const Buffer& file);

// Reads the first subgraph of a TFLite FlatBuffer: float32 networks, float16 and sparse weights
// (their DEQUANTIZE and DENSIFY are folded), int8, uint8 and int16 quantised networks, and
// MediaPipe's custom operation Convolution2DTransposeBias. The graph passed ValidateGraph;
// constants are copies. Every offset of the file is checked.
//   kInvalidArgument  malformed file; says where
//   kUnimplemented    an operation, type or option outside the supported set; names it
Result<Graph> ImportTflite(const Buffer& file, std::string name);

// "ABS, ADD, AVERAGE_POOL_2D, …", for help texts and error messages.
std::string SupportedTfliteOps();

}  // namespace plumb::npu
