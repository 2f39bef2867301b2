// Seeds of fuzz_onnx.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/buffer.h"

namespace plumb::fuzz {

// Small sound networks by name, one for each part of the importer.
std::vector<std::pair<std::string, Buffer>> OnnxSeeds();

}  // namespace plumb::fuzz
