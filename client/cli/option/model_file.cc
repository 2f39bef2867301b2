#include "client/cli/option/model_file.h"

#include "client/cli/frame/usage.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/npu/import/caffe/caffe.h"
#include "common/npu/model/container.h"

namespace plumb::client {
namespace {

constexpr uint64_t kMaxModelSize = uint64_t{2} << 30U;
constexpr std::string_view kKinds =
    "give a TFLite, ONNX or Caffe file (.tflite, .onnx, .prototxt or .caffemodel), a fixed model "
    "of "
    "'plumb quantize' or an offline model of 'plumb compile'";

// What a file that is none of ours probably is.
std::string Guess(const std::filesystem::path& path, const Buffer& bytes) {
  const std::string_view text = bytes.view();
  const std::string extension = ToLower(path.extension().string());
  if (text.starts_with("SGSI")) {
    return "is an offline model of the vendor's compiler, which only the vendor's runtime reads";
  }
  if (text.size() > 8 && (text.substr(4, 4) == "SIM2" || text.substr(4, 4) == "SIMF")) {
    return "is a .sim model of the vendor's converter, which only the vendor's simulator reads";
  }
  if (extension == ".prototxt") {
    return "does not begin as a prototxt does, with name, input or layer";
  }
  if (extension == ".caffemodel") {
    return "does not begin as a caffemodel does: it is cut off or not one";
  }
  return bytes.empty() ? "is empty" : "is no model that is known here";
}

Status Annotated(const Status& status, const std::string& path) {
  return UsageError("--model " + EscapeForDisplay(path) + ": " + status.message(),
                    status.hint().empty() ? kKinds : std::string_view(status.hint()));
}

}  // namespace

Result<ModelFile> LoadModelFile(const std::string& path, const npu::InputShapes& shapes) {
  auto bytes = ReadFile(path, kMaxModelSize);
  if (!bytes.ok()) {
    return Annotated(bytes.status(), path);
  }
  ModelFile file{path, std::move(bytes).value(), nullptr, nullptr};
  if (npu::LooksLikeModel(file.bytes.span())) {
    if (!shapes.empty()) {
      return UsageError(
          "--input-shape is for ONNX models; " + EscapeForDisplay(path) + " has its shapes",
          "leave --input-shape out");
    }
    auto model = npu::ParseModel(file.bytes);
    if (!model.ok()) {
      return Annotated(model.status(), path);
    }
    file.fixed = std::make_shared<const npu::FixedModel>(std::move(model).value());
    return file;
  }
  if (npu::DetectNetworkFormat(file.bytes)) {
    const auto other = ReadOtherFile(file.path, file.bytes);
    if (!other.ok()) {
      return Annotated(other.status(), path);
    }
    auto graph = npu::ImportNetwork(file.bytes, file.path.stem().string(), shapes, *other);
    if (!graph.ok()) {
      return Annotated(graph.status(), path);
    }
    file.graph = std::make_shared<const npu::Graph>(std::move(graph).value());
    return file;
  }
  return UsageError("--model: " + EscapeForDisplay(path) + " " + Guess(file.path, file.bytes),
                    kKinds);
}

Result<Buffer> ReadOtherFile(const std::filesystem::path& path, const Buffer& bytes) {
  if (npu::DetectNetworkFormat(bytes) != npu::NetworkFormat::kCaffe) {
    return Buffer();
  }
  const bool is_net = npu::LooksLikePrototxt(bytes);
  std::filesystem::path other = path;
  other.replace_extension(is_net ? ".caffemodel" : ".prototxt");
  auto read = ReadFile(other, kMaxModelSize);
  if (!read.ok() && read.status().code() == StatusCode::kNotFound) {
    return NotFoundError(std::string("its ") + (is_net ? "weights" : "network") +
                         " should lie beside it as " + EscapeForDisplay(other.filename().string()) +
                         ", but there is no such file")
        .WithHint(
            "a Caffe model is two files: put both in one folder under one name, as "
            "net.prototxt and net.caffemodel");
  }
  return read;
}

Result<std::shared_ptr<const npu::FixedModel>> LoadFixedModel(const std::string& path) {
  PLUMB_ASSIGN_OR_RETURN(ModelFile file, LoadModelFile(path));
  if (file.fixed == nullptr) {
    return UsageError("--model: " + EscapeForDisplay(path) +
                          " is a framework's model, not a fixed or offline one",
                      "make one first: plumb quantize --model " + path +
                          " --calibrate PICTURES --out F_fixed.plm");
  }
  return file.fixed;
}

}  // namespace plumb::client
