// Networks from files of any framework that is read here, told apart by their content.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/npu/graph/graph.h"
#include "common/npu/import/onnx.h"

namespace plumb::npu {

enum class NetworkFormat : uint8_t { kTflite, kOnnx };

// "tflite", "onnx".
std::string_view NetworkFormatName(NetworkFormat format);

// By the first bytes; empty for what is no network of a known framework.
std::optional<NetworkFormat> DetectNetworkFormat(const Buffer& file);

// As ImportTflite or ImportOnnx. `shapes` must be empty for a TFLite file, which fixes its own:
// kInvalidArgument otherwise, and for a file of no known format.
Result<Graph> ImportNetwork(const Buffer& file, std::string name, const InputShapes& shapes = {});

}  // namespace plumb::npu
