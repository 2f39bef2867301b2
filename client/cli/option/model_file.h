// Models from files, told apart by their content.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/npu/graph/graph.h"
#include "common/npu/import/import.h"
#include "common/npu/model/model.h"

namespace plumb::client {

// Exactly one of the two is set.
struct ModelFile {
  std::filesystem::path path;
  Buffer bytes;
  std::shared_ptr<const npu::Graph> graph;       // a TFLite, ONNX or Caffe network
  std::shared_ptr<const npu::FixedModel> fixed;  // a fixed model, or an offline model (chip is set)
};

// Reads a TFLite, ONNX or Caffe network or a model of ours; of Caffe's two files either may be
// given. The error names --model, the file, and what is wrong; for the vendor's own files the hint
// says what to do instead. `shapes` are for the inputs of an ONNX file: a usage error with any
// other.
Result<ModelFile> LoadModelFile(const std::string& path, const npu::InputShapes& shapes = {});

// As LoadModelFile; a usage error unless it is a fixed or offline model.
Result<std::shared_ptr<const npu::FixedModel>> LoadFixedModel(const std::string& path);

// Of Caffe's two files the one that is not `path`: beside it, under the same name but for the
// extension. Empty for a file of another format; kNotFound names the file that is missing.
Result<Buffer> ReadOtherFile(const std::filesystem::path& path, const Buffer& bytes);

}  // namespace plumb::client
