#include "server/simulator/networks/model_files.h"

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::server {
namespace {

constexpr uint64_t kMaxModelSize = uint64_t{2} << 30U;

Result<ModelFiles> Read(const std::filesystem::path& model) {
  ModelFiles files;
  files.path = model;
  PLUMB_ASSIGN_OR_RETURN(files.file, ReadFile(model, kMaxModelSize));
  const auto format = npu::DetectNetworkFormat(files.file);
  if (!format) {
    return InvalidArgumentError("'" + EscapeForDisplay(model.string()) +
                                "' is no TFLite, ONNX or Caffe file");
  }
  files.format = *format;
  if (files.format != npu::NetworkFormat::kCaffe) {
    return files;
  }
  files.path.replace_extension(".prototxt");
  files.other_path = files.path;
  files.other_path.replace_extension(".caffemodel");
  PLUMB_ASSIGN_OR_RETURN(files.file, ReadFile(files.path, kMaxModelSize));
  PLUMB_ASSIGN_OR_RETURN(files.other, ReadFile(files.other_path, kMaxModelSize));
  return files;
}

}  // namespace

Result<ModelFiles> ReadModelFiles(const std::filesystem::path& model) {
  auto files = Read(model);
  return files.ok() ? std::move(files) : Status(files.status()).WithReason(kReasonModelRefused);
}

}  // namespace plumb::server
