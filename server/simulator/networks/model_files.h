// The file or files of one network, for both Runners.
#pragma once

#include <filesystem>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/npu/import/import.h"

namespace plumb::server {

struct ModelFiles {
  npu::NetworkFormat format = npu::NetworkFormat::kTflite;
  std::filesystem::path path;        // what was named; of Caffe the prototxt
  std::filesystem::path other_path;  // Caffe's caffemodel; empty otherwise
  Buffer file;
  Buffer other;
};

// Errors have reason model_refused.
Result<ModelFiles> ReadModelFiles(const std::filesystem::path& model);

}  // namespace plumb::server
