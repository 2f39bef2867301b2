#include "common/npu/import/import.h"

#include "common/npu/import/tflite.h"

namespace plumb::npu {

std::string_view NetworkFormatName(NetworkFormat format) {
  return format == NetworkFormat::kTflite ? "tflite" : "onnx";
}

std::optional<NetworkFormat> DetectNetworkFormat(const Buffer& file) {
  if (LooksLikeTflite(file)) {
    return NetworkFormat::kTflite;
  }
  return LooksLikeOnnx(file) ? std::optional(NetworkFormat::kOnnx) : std::nullopt;
}

Result<Graph> ImportNetwork(const Buffer& file, std::string name, const InputShapes& shapes) {
  const std::optional<NetworkFormat> format = DetectNetworkFormat(file);
  if (!format) {
    return InvalidArgumentError("the file is no network that is known here")
        .WithHint("give a TFLite or an ONNX file");
  }
  if (*format == NetworkFormat::kOnnx) {
    return ImportOnnx(file, std::move(name), shapes);
  }
  if (!shapes.empty()) {
    return InvalidArgumentError("--input-shape is for ONNX models; a TFLite file fixes its shapes")
        .WithHint("leave --input-shape out");
  }
  return ImportTflite(file, std::move(name));
}

}  // namespace plumb::npu
