#include "client/cli/option/model_inputs.h"

#include <algorithm>
#include <cmath>

#include "common/base/file.h"
#include "common/image/image.h"
#include "common/npu/quantize/precision.h"

namespace plumb::client {
namespace {

constexpr int kSignedPixelOffset = 128;
constexpr uint64_t kMaxProbedFile = uint64_t{1} << 30U;

bool IsPictureFile(const std::string& path) {
  const auto file = ReadFile(path, kMaxProbedFile);
  return file.ok() && image::DetectFormat(file->span()).has_value();
}

std::vector<float> PixelsAsFloats(const SampleValue& value, int offset) {
  std::vector<float> result;
  result.reserve(value.pixels->data.size());
  for (const uint8_t pixel : value.pixels->data) {
    result.push_back(static_cast<float>(pixel - offset));
  }
  return result;
}

dump::NetworkNames NamesOf(const npu::Graph& graph) {
  const auto name = [&graph](uint32_t tensor) { return graph.tensors.at(tensor).name; };
  dump::NetworkNames names;
  for (const uint32_t input : graph.inputs) {
    names.inputs.push_back(name(input));
  }
  for (const uint32_t output : graph.outputs) {
    names.outputs.push_back(name(output));
  }
  for (const npu::GraphTensor& tensor : graph.tensors) {
    if (!tensor.is_constant()) {
      names.tensors.push_back(tensor.name);
    }
  }
  for (const uint32_t tensor : npu::RaisableTensors(graph, {})) {
    names.convolution_inputs.push_back(name(tensor));
  }
  return names;
}

}  // namespace

PictureRule RuleOf(const npu::ModelInput& input) {
  PictureRule rule;
  rule.order_stated = true;
  rule.normalization.mean = input.mean;
  if (input.training_format == npu::InputFormat::kGray) {
    rule.order = preprocess::ColorOrder::kGray;
  } else if (input.training_format == npu::InputFormat::kBgr) {
    rule.order = preprocess::ColorOrder::kBgr;
    // The model keeps its numbers in channel order, the rule by colour.
    std::swap(rule.normalization.mean[0], rule.normalization.mean[2]);
  }
  rule.normalization.std_dev = {input.std_dev, input.std_dev, input.std_dev};
  return rule;
}

std::vector<SampleInput> PlainInputsOfGraph(const npu::Graph& graph) {
  std::vector<SampleInput> inputs;
  for (const uint32_t index : graph.inputs) {
    const npu::GraphTensor& tensor = graph.tensors.at(index);
    inputs.push_back({tensor.name, tensor.shape, PictureGeometryOf(tensor.shape), std::nullopt});
  }
  return inputs;
}

Result<std::vector<SampleInput>> InputsOfGraph(const npu::Graph& graph,
                                               const PictureRules& rules,
                                               const std::vector<std::string>& first_files,
                                               Console& console) {
  PLUMB_RETURN_IF_ERROR(rules.CheckNames(NamesOf(graph)));
  std::vector<SampleInput> inputs = PlainInputsOfGraph(graph);
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const npu::GraphTensor& tensor = graph.tensors.at(graph.inputs[i]);
    SampleInput& input = inputs[i];
    const bool shown = i < first_files.size() && IsPictureFile(first_files[i]);
    const bool stated = rules.StatedOrder(i, tensor.name).has_value();
    if (input.geometry && (input.geometry->channels == 3 || stated || shown)) {
      const bool takes_pixels = tensor.element_type != ElementType::kFloat32;
      PLUMB_ASSIGN_OR_RETURN(
          const PictureRule rule,
          rules.For({i, tensor.name, input.geometry->channels, takes_pixels}, console));
      input.rule = rule.raw ? std::nullopt : std::optional(rule);
    }
  }
  return inputs;
}

std::vector<SampleInput> InputsOfModel(const npu::FixedModel& model) {
  std::vector<SampleInput> inputs;
  for (const npu::ModelInput& model_input : model.inputs) {
    const npu::FixedTensor& tensor = model.tensors.at(model_input.tensor);
    SampleInput input{tensor.name, tensor.shape, PictureGeometryOf(tensor.shape), std::nullopt};
    if (npu::IsPictureFormat(model_input.training_format)) {
      input.rule = RuleOf(model_input);
    }
    inputs.push_back(std::move(input));
  }
  return inputs;
}

Result<std::vector<float>> GraphInputValues(const npu::Graph& graph,
                                            size_t index,
                                            const SampleInput& input,
                                            const SampleValue& value) {
  const npu::GraphTensor& tensor = graph.tensors.at(graph.inputs.at(index));
  if (!value.pixels || tensor.element_type == ElementType::kFloat32) {
    return RealInput(value, input);
  }
  if (tensor.quantization.scales.size() != 1 || tensor.quantization.zero_points.size() != 1) {
    return InvalidArgumentError("the integer input '" + tensor.name + "' has no scale of its own");
  }
  const bool is_signed = tensor.element_type == ElementType::kInt8;
  std::vector<float> values = PixelsAsFloats(value, is_signed ? kSignedPixelOffset : 0);
  const auto zero_point = static_cast<float>(tensor.quantization.zero_points.front());
  const auto scale = static_cast<float>(tensor.quantization.scales.front());
  for (float& stored : values) {
    stored = (stored - zero_point) * scale;
  }
  return InLayout(std::move(values), *input.geometry);
}

Result<std::vector<int16_t>> StoredInputValues(const npu::FixedModel& model,
                                               size_t index,
                                               const SampleInput& input,
                                               const SampleValue& value) {
  const npu::FixedTensor& tensor = model.tensors.at(model.inputs.at(index).tensor);
  const npu::Clamp range = npu::StoredRange(tensor.element_type);
  std::vector<int16_t> stored;
  if (value.pixels && tensor.element_type != ElementType::kInt16) {
    const int offset = tensor.element_type == ElementType::kInt8 ? kSignedPixelOffset : 0;
    const std::vector<float> pixels = InLayout(PixelsAsFloats(value, offset), *input.geometry);
    stored.assign(pixels.begin(), pixels.end());
    return stored;
  }
  PLUMB_ASSIGN_OR_RETURN(const std::vector<float> real, RealInput(value, input));
  stored.reserve(real.size());
  for (const float number : real) {
    const double q =
        std::isnan(number) ? 0 : std::nearbyint(static_cast<double>(number) / tensor.scale);
    const double shifted = q + tensor.zero_point;
    stored.push_back(static_cast<int16_t>(
        std::clamp(shifted, static_cast<double>(range.low), static_cast<double>(range.high))));
  }
  return stored;
}

}  // namespace plumb::client
