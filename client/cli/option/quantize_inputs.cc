#include "client/cli/option/quantize_inputs.h"

#include <algorithm>

#include "client/cli/frame/usage.h"

namespace plumb::client {
namespace {

npu::InputFormat TrainingFormat(preprocess::ColorOrder order) {
  switch (order) {
    case preprocess::ColorOrder::kRgb:
      return npu::InputFormat::kRgb;
    case preprocess::ColorOrder::kBgr:
      return npu::InputFormat::kBgr;
    case preprocess::ColorOrder::kGray:
      return npu::InputFormat::kGray;
  }
  return npu::InputFormat::kRgb;
}

bool AnyPicture(const std::vector<SampleInput>& inputs) {
  return std::any_of(inputs.begin(), inputs.end(), [](const SampleInput& input) {
    return input.rule.has_value();
  });
}

dump::ConfiguredInput ConfiguredInputOf(const SampleInput& input, bool among_pictures) {
  dump::ConfiguredInput configured;
  configured.name = input.name;
  configured.quantize = true;
  configured.training_format = "RAWDATA_S16_NHWC";
  if (input.rule) {
    configured.training_format = preprocess::ColorOrderName(input.rule->order);
    configured.mean = input.rule->normalization.mean;
    configured.std_dev = input.rule->normalization.std_dev;
  } else if (among_pictures) {
    // A list has an entry for every input; these leave a raw one as it is.
    configured.mean = dump::PerColor{0, 0, 0};
    configured.std_dev = dump::PerColor{1, 1, 1};
  }
  configured.input_format = configured.training_format;
  return configured;
}

}  // namespace

Result<npu::PictureInput> PictureOfInput(const SampleInput& input) {
  const PictureRule& rule = *input.rule;
  const dump::PerColor& std_dev = rule.normalization.std_dev;
  if (std_dev[0] != std_dev[1] || std_dev[1] != std_dev[2]) {
    return UsageError("input '" + input.name + "' has another std for each colour",
                      "the chip's input has one scale: write one --std, for example their mean, "
                      "and train or convert the network for it");
  }
  npu::PictureInput picture;
  picture.format = TrainingFormat(rule.order);
  picture.std_dev = std_dev[0];
  const std::vector<double> mean = preprocess::InChannelOrder(rule.normalization.mean, rule.order);
  for (size_t i = 0; i < picture.mean.size(); ++i) {
    picture.mean.at(i) = mean[mean.size() == 1 ? 0 : i];
  }
  return picture;
}

npu::PictureInput PictureOfIntegerInput(const npu::GraphTensor& tensor, const PictureRule& rule) {
  npu::PictureInput picture;
  picture.format = TrainingFormat(rule.order);
  if (!tensor.quantization.empty() && tensor.quantization.scales.front() > 0) {
    const int64_t offset = tensor.element_type == ElementType::kInt8 ? 128 : 0;
    const auto mean = static_cast<double>(tensor.quantization.zero_points.front() + offset);
    picture.mean = {mean, mean, mean};
    picture.std_dev = 1 / tensor.quantization.scales.front();
  }
  return picture;
}

dump::InputConfig ConfigOf(const npu::Graph& graph,
                           const std::vector<SampleInput>& inputs,
                           const dump::InputConfig* given,
                           const dump::ConvolutionConfig& convolution) {
  dump::InputConfig config = given != nullptr ? *given : dump::InputConfig();
  const std::vector<dump::ConfiguredInput> stated = std::move(config.inputs);
  config.inputs.clear();
  for (size_t i = 0; i < inputs.size(); ++i) {
    dump::ConfiguredInput input = ConfiguredInputOf(inputs[i], AnyPicture(inputs));
    if (stated.size() == inputs.size()) {
      input.input_format =
          stated[i].input_format.empty() ? input.input_format : stated[i].input_format;
      input.width_alignment = stated[i].width_alignment;
      input.height_alignment = stated[i].height_alignment;
      input.layout = stated[i].layout;
    }
    config.inputs.push_back(std::move(input));
  }
  if (config.outputs.empty()) {
    for (const uint32_t output : graph.outputs) {
      config.outputs.emplace_back().name = graph.tensors.at(output).name;
    }
  }
  config.convolution = convolution;
  return config;
}

}  // namespace plumb::client
