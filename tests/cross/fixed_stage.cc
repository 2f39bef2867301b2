#include <utility>

#include "common/base/file.h"
#include "common/npu/io/io.h"
#include "common/npu/kernels_fast/executor.h"
#include "common/npu/kernels_reference/executor.h"
#include "common/npu/model/compile.h"
#include "common/npu/model/container.h"
#include "common/npu/model/rounding.h"
#include "common/npu/quantize/quantize.h"
#include "common/preprocess/board_input.h"
#include "tests/cross/network.h"

namespace plumb::cross {
namespace {

constexpr Family kFamily = Family::k1x;  // the one that pads most

Result<npu::FixedModel> Quantize(const Network& network) {
  npu::QuantizeOptions options;
  for (const uint32_t input : network.graph->inputs) {
    options.pictures.push_back(IsPicture(network.graph->tensors.at(input))
                                   ? std::optional(npu::PictureInput{})
                                   : std::nullopt);
  }
  if (network.quantized) {
    return npu::FixedFromQuantizedGraph(*network.graph, options);
  }
  PLUMB_ASSIGN_OR_RETURN(npu::Calibrator calibrator, npu::Calibrator::Create(network.graph));
  PLUMB_RETURN_IF_ERROR(calibrator.Add(network.values));
  return npu::QuantizeFromFloat(*network.graph, calibrator.ranges(), options);
}

Result<std::vector<uint8_t>> BoardInput(const Network& network,
                                        const npu::FixedModel& model,
                                        size_t index) {
  const npu::ChipInput& input = model.chip->inputs.at(index);
  if (input.format != npu::InputFormat::kRawS16Nhwc) {
    return network.bytes.at(index);
  }
  PLUMB_ASSIGN_OR_RETURN(
      const std::vector<int16_t> values,
      preprocess::QuantizeS16(network.values.at(index), input.desc.scale, kFamily));
  const auto innermost = static_cast<uint64_t>(input.desc.shape.innermost());
  return preprocess::AlignS16(values, innermost, kFamily);
}

Status WriteInputs(const Network& network, Compiled& compiled) {
  const npu::FixedModel& model = *compiled.model;
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, BoardInput(network, model, i));
    compiled.inputs.push_back(network.out / ("input_" + std::to_string(i) + ".bin"));
    PLUMB_RETURN_IF_ERROR(WriteFileAtomically(compiled.inputs.back(), bytes));
    compiled.stored.emplace_back(network.bytes.at(i).size());
    PLUMB_RETURN_IF_ERROR(npu::ReadInput(model, i, bytes, compiled.stored.back()));
  }
  return OkStatus();
}

// The list of layers, outputs last.
template <class Executor>
Result<std::string> LayersOf(const Compiled& compiled, npu::RoundingProfile profile) {
  typename Executor::Options options;
  options.rounding = profile;
  PLUMB_ASSIGN_OR_RETURN(const auto executor, Executor::Create(compiled.model, options));
  const npu::FixedModel& model = *compiled.model;
  std::string layers;
  const auto add = [&layers, &model](uint32_t tensor, std::span<const int16_t> values) {
    layers += LayerLine(model.tensors.at(tensor).name,
                        {reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()},
                        values.size());
  };
  std::vector<std::vector<int16_t>> results;
  for (const uint32_t output : model.outputs) {
    results.emplace_back(
        static_cast<size_t>(model.tensors.at(output).shape.element_count().value_or(0)));
  }
  const std::vector<std::span<const int16_t>> inputs(compiled.stored.begin(),
                                                     compiled.stored.end());
  const std::vector<std::span<int16_t>> outputs(results.begin(), results.end());
  PLUMB_RETURN_IF_ERROR(executor->Run(inputs, outputs, add));
  for (size_t i = 0; i < results.size(); ++i) {
    add(model.outputs[i], results[i]);
  }
  return layers;
}

}  // namespace

Result<Compiled> Compile(const Network& network) {
  PLUMB_ASSIGN_OR_RETURN(const npu::FixedModel fixed, Quantize(network));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<uint8_t> plm, npu::SerializeModel(fixed));
  PLUMB_RETURN_IF_ERROR(WriteFileAtomically(network.out / "fixed.plm", plm));
  npu::CompileOptions options;
  options.family = kFamily;
  PLUMB_ASSIGN_OR_RETURN(npu::FixedModel offline, npu::Compile(fixed, options));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<uint8_t> img, npu::SerializeModel(offline));
  Compiled compiled;
  compiled.image = network.out / "offline.img";
  PLUMB_RETURN_IF_ERROR(WriteFileAtomically(compiled.image, img));
  compiled.model = std::make_shared<const npu::FixedModel>(std::move(offline));
  PLUMB_RETURN_IF_ERROR(WriteInputs(network, compiled));
  return compiled;
}

Status RunKernels(const Compiled& compiled, const std::filesystem::path& out) {
  for (const std::string& name : npu::KnownRoundingProfiles()) {
    const npu::RoundingProfile profile =
        npu::ParseRoundingProfile(name).value_or(npu::RoundingProfile::kHalfEven);
    PLUMB_ASSIGN_OR_RETURN(const std::string reference,
                           LayersOf<npu::ReferenceExecutor>(compiled, profile));
    PLUMB_ASSIGN_OR_RETURN(const std::string fast, LayersOf<npu::FastExecutor>(compiled, profile));
    PLUMB_RETURN_IF_ERROR(
        WriteFileAtomically(out / ("layers_reference_" + name + ".txt"), reference));
    PLUMB_RETURN_IF_ERROR(WriteFileAtomically(out / ("layers_fast_" + name + ".txt"), fast));
    if (reference != fast) {
      return InternalError("the kernel sets differ under " + name);
    }
  }
  return OkStatus();
}

}  // namespace plumb::cross
