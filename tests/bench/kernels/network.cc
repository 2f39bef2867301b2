#include "tests/bench/kernels/network.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "common/base/file.h"
#include "common/npu/quantize/quantize.h"
#include "tests/bench/kernels/onnx_export.h"

namespace plumb::bench {
namespace {

constexpr double kLargestOnnxError = 1e-4;

// Waves of several lengths: something between a photograph and noise.
std::vector<int16_t> MakePicture(const Shape& shape) {
  std::vector<int16_t> pixels;
  for (int64_t y = 0; y < shape[1]; ++y) {
    for (int64_t x = 0; x < shape[2]; ++x) {
      for (int64_t c = 0; c < shape[3]; ++c) {
        const double wave = std::sin(0.05 * static_cast<double>(x + 7 * c)) *
                            std::cos(0.08 * static_cast<double>(y)) * 90;
        const auto noise = static_cast<double>((x * 31 + y * 57 + c * 11) % 37);
        pixels.push_back(static_cast<int16_t>(128 + wave + noise - 18));
      }
    }
  }
  return pixels;
}

double RelativeError(const std::vector<float>& reference, const std::vector<float>& target) {
  double error = 0;
  double size = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    const auto r = static_cast<double>(reference[i]);
    const double difference = r - static_cast<double>(target[i]);
    error += difference * difference;
    size += r * r;
  }
  return std::sqrt(error / size);
}

double ProductsOf(const npu::FixedModel& model, const npu::FixedOp& op) {
  const Shape& output = model.tensors[op.output].shape;
  const auto count = static_cast<double>(output.element_count().value_or(0));
  if (const auto* conv = std::get_if<npu::Conv2d>(&op.attributes)) {
    return count * static_cast<double>(conv->linear.values.size() / conv->linear.bias.size());
  }
  if (const auto* conv = std::get_if<npu::DepthwiseConv2d>(&op.attributes)) {
    return count * static_cast<double>(conv->linear.values.size() / conv->linear.bias.size());
  }
  return 0;
}

}  // namespace

double Network::Products() const {
  double products = 0;
  for (const npu::FixedOp& op : model_->ops) {
    products += ProductsOf(*model_, op);
  }
  return products / 1e6;
}

Result<std::unique_ptr<Network>> Network::Load(const std::string& file,
                                               const std::string& onnxruntime,
                                               const npu::InputShapes& shapes) {
  const std::filesystem::path path = file;
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(path));
  Buffer weights;
  if (path.extension() == ".prototxt") {
    PLUMB_ASSIGN_OR_RETURN(weights,
                           ReadFile(std::filesystem::path(path).replace_extension(".caffemodel")));
  }
  PLUMB_ASSIGN_OR_RETURN(npu::Graph read, npu::ImportNetwork(bytes, path.stem(), shapes, weights));
  const auto graph = std::make_shared<const npu::Graph>(std::move(read));
  if (graph->inputs.size() != 1 || graph->tensors[graph->inputs[0]].shape.rank() != 4) {
    return InvalidArgumentError(file + ": the network's input is not one picture");
  }
  std::unique_ptr<Network> network(new Network);
  PLUMB_RETURN_IF_ERROR(network->Quantize(graph));
  if (!onnxruntime.empty()) {
    PLUMB_RETURN_IF_ERROR(network->OpenOnnx(*graph, onnxruntime));
  }
  return network;
}

Status Network::Quantize(const std::shared_ptr<const npu::Graph>& graph) {
  inputs_.push_back(MakePicture(graph->tensors[graph->inputs[0]].shape));
  float_inputs_.emplace_back();
  for (const int16_t pixel : inputs_[0]) {
    float_inputs_[0].push_back((static_cast<float>(pixel) - 127.5F) / 127.5F);
  }
  PLUMB_ASSIGN_OR_RETURN(float_, npu::FloatExecutor::Create(graph));
  PLUMB_ASSIGN_OR_RETURN(npu::Calibrator calibrator, npu::Calibrator::Create(graph));
  PLUMB_RETURN_IF_ERROR(calibrator.Add(float_inputs_));
  npu::QuantizeOptions options;
  options.pictures = {npu::PictureInput{}};
  PLUMB_ASSIGN_OR_RETURN(npu::FixedModel fixed,
                         npu::QuantizeFromFloat(*graph, calibrator.ranges(), options));
  model_ = std::make_shared<const npu::FixedModel>(std::move(fixed));
  for (const uint32_t output : model_->outputs) {
    outputs_.emplace_back(model_->tensors[output].shape.element_count().value_or(0));
  }
  input_spans_.assign(inputs_.begin(), inputs_.end());
  output_spans_.assign(outputs_.begin(), outputs_.end());
  return OkStatus();
}

Status Network::OpenOnnx(const npu::Graph& graph, const std::string& library) {
  PLUMB_ASSIGN_OR_RETURN(const std::string file, ExportOnnx(graph));
  const Shape& shape = graph.tensors[graph.inputs[0]].shape;
  PLUMB_ASSIGN_OR_RETURN(
      onnx_,
      OnnxSession::Create(library,
                          file,
                          {{PlanesShape(shape), ToPlanes(shape, float_inputs_[0])}},
                          graph.outputs.size()));
  PLUMB_RETURN_IF_ERROR(onnx_->Run());
  PLUMB_ASSIGN_OR_RETURN(const auto ours, float_->Run(float_inputs_));
  for (size_t i = 0; i < ours.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const std::vector<float> theirs, onnx_->Output(i));
    if (theirs.size() != ours[i].size()) {
      return DataLossError("ONNX Runtime gives an output another size");
    }
    onnx_error_ = std::max(onnx_error_, RelativeError(ours[i], theirs));
  }
  // Also false for a value that is not a number.
  if (!(onnx_error_ <= kLargestOnnxError)) {
    return DataLossError("ONNX Runtime computes something else: rel_l2 " +
                         std::to_string(onnx_error_));
  }
  return OkStatus();
}

}  // namespace plumb::bench
