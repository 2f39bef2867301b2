// Networks from files of any framework that is read here, told apart by their content.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/npu/graph/graph.h"
#include "common/npu/import/onnx/onnx.h"

namespace plumb::npu {

enum class NetworkFormat : uint8_t { kTflite, kOnnx, kCaffe };

// "tflite", "onnx", "caffe".
std::string_view NetworkFormatName(NetworkFormat format);

// By the first bytes; empty for what is no network of a known framework. kCaffe is either file of a
// pair: a prototxt or a caffemodel.
std::optional<NetworkFormat> DetectNetworkFormat(const Buffer& file);

// As ImportTflite, ImportOnnx or ImportCaffe. `other` is the other file of Caffe's pair, whichever
// `file` is. `shapes` must be empty but for ONNX: the other formats fix their own. kInvalidArgument
// otherwise, for a file of no known format and for a Caffe file without its other one.
Result<Graph> ImportNetwork(const Buffer& file,
                            std::string name,
                            const InputShapes& shapes = {},
                            const Buffer& other = {});

}  // namespace plumb::npu
