#include "common/npu/import/import.h"

#include "common/npu/import/caffe/caffe.h"
#include "common/npu/import/tflite/tflite.h"

namespace plumb::npu {
namespace {

Result<Graph> ImportPair(const Buffer& file, const Buffer& other, std::string name) {
  const bool is_net = LooksLikePrototxt(file);
  if (!(is_net ? LooksLikeCaffemodel(other) : LooksLikePrototxt(other))) {
    return InvalidArgumentError(std::string("the ") + (is_net ? "caffemodel" : "prototxt") +
                                " of the network is missing or is none")
        .WithHint("a Caffe network is two files: a prototxt and a caffemodel");
  }
  return is_net ? ImportCaffe(file, other, std::move(name))
                : ImportCaffe(other, file, std::move(name));
}

}  // namespace

std::string_view NetworkFormatName(NetworkFormat format) {
  switch (format) {
    case NetworkFormat::kTflite:
      return "tflite";
    case NetworkFormat::kOnnx:
      return "onnx";
    case NetworkFormat::kCaffe:
      break;
  }
  return "caffe";
}

std::optional<NetworkFormat> DetectNetworkFormat(const Buffer& file) {
  if (LooksLikeTflite(file)) {
    return NetworkFormat::kTflite;
  }
  if (LooksLikePrototxt(file) || LooksLikeCaffemodel(file)) {
    return NetworkFormat::kCaffe;
  }
  return LooksLikeOnnx(file) ? std::optional(NetworkFormat::kOnnx) : std::nullopt;
}

Result<Graph> ImportNetwork(const Buffer& file,
                            std::string name,
                            const InputShapes& shapes,
                            const Buffer& other) {
  const std::optional<NetworkFormat> format = DetectNetworkFormat(file);
  if (!format) {
    return InvalidArgumentError("the file is no network that is known here")
        .WithHint("give a TFLite, ONNX or Caffe file");
  }
  if (*format == NetworkFormat::kOnnx) {
    return ImportOnnx(file, std::move(name), shapes);
  }
  if (!shapes.empty()) {
    const bool caffe = *format == NetworkFormat::kCaffe;
    return InvalidArgumentError("--input-shape is for ONNX models; a " +
                                std::string(caffe ? "prototxt" : "TFLite file") +
                                " fixes its shapes")
        .WithHint(caffe ? "write the shape into the prototxt" : "leave --input-shape out");
  }
  return *format == NetworkFormat::kCaffe ? ImportPair(file, other, std::move(name))
                                          : ImportTflite(file, std::move(name));
}

}  // namespace plumb::npu
