#include "tests/fuzz/run_network.h"

#include <algorithm>
#include <vector>

#include "common/npu/float/executor.h"
#include "common/npu/model/container.h"
#include "common/npu/quantize/calibration.h"
#include "common/npu/quantize/quantize.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/run_both.h"

namespace plumb::fuzz {
namespace {

constexpr uint64_t kMaxElements = uint64_t{1} << 14;
constexpr uint64_t kMaxWork = uint64_t{1} << 18;
constexpr uint64_t kEndless = uint64_t{1} << 40;

uint64_t Elements(const npu::Graph& graph, uint32_t tensor) {
  return std::min(graph.tensors[tensor].shape.element_count().value_or(kEndless), kEndless);
}

bool IsSmall(const npu::Graph& graph) {
  uint64_t elements = 0;
  for (uint32_t i = 0; i < graph.tensors.size(); ++i) {
    elements = std::min(elements + Elements(graph, i), kEndless);
  }
  uint64_t work = 0;
  for (const npu::GraphOp& op : graph.ops) {
    uint64_t cost = std::min(Elements(graph, op.output), kEndless);
    for (const uint32_t input : op.inputs) {
      cost = std::min(std::max(cost, Elements(graph, input)) *
                          (graph.tensors[input].is_constant() ? Elements(graph, input) : 1),
                      kEndless);
    }
    if (const auto* window = std::get_if<npu::WindowAttributes>(&op.attributes)) {
      cost *= static_cast<uint64_t>(std::clamp(window->kernel_height, 1, 1 << 12)) *
              static_cast<uint64_t>(std::clamp(window->kernel_width, 1, 1 << 12));
    }
    work = std::min(work + cost, kEndless);
  }
  return elements <= kMaxElements && work <= kMaxWork * 16;
}

std::vector<std::vector<float>> Sample(const npu::Graph& graph) {
  std::vector<std::vector<float>> inputs;
  for (const uint32_t input : graph.inputs) {
    auto& values = inputs.emplace_back(Elements(graph, input));
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(static_cast<int>(i * 37 % 256) - 128) / 64.0F;
    }
  }
  return inputs;
}

Result<npu::FixedModel> Quantize(const std::shared_ptr<const npu::Graph>& graph, int bits) {
  npu::QuantizeOptions options;
  options.bits = bits;
  if (npu::IsQuantized(*graph)) {
    return npu::FixedFromQuantizedGraph(*graph, options);
  }
  PLUMB_ASSIGN_OR_RETURN(auto calibrator, npu::Calibrator::Create(graph));
  PLUMB_RETURN_IF_ERROR(calibrator.Add(Sample(*graph)));
  return npu::QuantizeFromFloat(*graph, calibrator.ranges(), options);
}

}  // namespace

void RequireRuns(const std::shared_ptr<const npu::Graph>& graph, int bits) {
  if (!IsSmall(*graph)) {
    return;
  }
  const auto executor = npu::FloatExecutor::Create(graph);
  FUZZ_REQUIRE(executor.ok());
  FUZZ_REQUIRE((*executor)->Run(Sample(*graph)).ok());
  const auto model = Quantize(graph, bits);
  if (!model.ok()) {
    return;
  }
  FUZZ_REQUIRE(npu::SerializeModel(*model).ok());
  RequireAgreement(std::make_shared<const npu::FixedModel>(*model), 1, kMaxWork);
}

}  // namespace plumb::fuzz
