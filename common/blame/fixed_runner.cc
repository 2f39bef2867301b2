#include "common/blame/fixed_runner.h"

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/blame/one_layer.h"
#include "common/blame/quantised_values.h"
#include "common/npu/kernels_fast/executor.h"
#include "common/npu/model/validate.h"

namespace plumb::blame {
namespace {

Network NetworkOf(const npu::FixedModel& model) {
  Network network;
  for (const npu::FixedTensor& tensor : model.tensors) {
    const npu::Clamp range = npu::StoredRange(tensor.element_type);
    network.tensors.push_back({tensor.name,
                               tensor.shape.element_count().value_or(0),
                               tensor.scale,
                               tensor.zero_point,
                               range.low,
                               range.high});
  }
  for (const npu::FixedOp& op : model.ops) {
    std::set<uint32_t> inputs;
    for (const uint32_t input : op.inputs) {
      if (model.tensors[input].constant.empty()) {
        inputs.insert(input);
      }
    }
    network.layers.push_back({op.source_op, {inputs.begin(), inputs.end()}, op.output});
  }
  for (const npu::ModelInput& input : model.inputs) {
    network.inputs.push_back(input.tensor);
  }
  network.outputs = model.outputs;
  return network;
}

// One run: what is held between layers.
class PartialRun {
 public:
  PartialRun(const npu::FixedModel& model,
             const Network& network,
             std::span<const uint32_t> layers,
             const TensorSource& given,
             std::optional<uint64_t> chance)
      : model_(model),
        network_(network),
        given_(given),
        chance_(chance) {
    for (const uint32_t layer : layers) {
      for (const uint32_t input : network_.layers.at(layer).inputs) {
        last_readers_[input] = layer;
      }
    }
  }

  Status RunLayer(uint32_t layer, int threads, const TensorSink& sink) {
    const std::vector<uint32_t>& inputs = network_.layers[layer].inputs;
    std::vector<std::span<const int16_t>> from;
    for (const uint32_t input : inputs) {
      PLUMB_RETURN_IF_ERROR(Hold(input));
      from.emplace_back(held_[input]);
    }
    npu::FastExecutor::Options options;
    options.threads = threads;
    PLUMB_ASSIGN_OR_RETURN(
        const auto executor,
        npu::FastExecutor::Create(ModelOfLayer(model_, model_.ops[layer], inputs, SeedOf(layer)),
                                  options));
    const uint32_t output = network_.layers[layer].output;
    std::vector<int16_t> result(static_cast<size_t>(network_.tensors[output].count));
    const std::vector<std::span<int16_t>> to = {result};
    PLUMB_RETURN_IF_ERROR(executor->Run(from, to));
    PLUMB_RETURN_IF_ERROR(sink(output, Real(network_.tensors[output], result)));
    if (last_readers_.contains(output)) {
      held_[output] = std::move(result);
    }
    for (const uint32_t input : inputs) {
      if (last_readers_[input] == layer) {
        held_.erase(input);
      }
    }
    return OkStatus();
  }

 private:
  [[nodiscard]] std::optional<uint64_t> SeedOf(uint32_t layer) const {
    return chance_ ? std::optional(*chance_ + layer) : std::nullopt;
  }

  Status Hold(uint32_t tensor) {
    if (held_.contains(tensor)) {
      return OkStatus();
    }
    PLUMB_ASSIGN_OR_RETURN(const std::vector<float> values, given_(tensor));
    const NetworkTensor& wanted = network_.tensors[tensor];
    if (values.size() != wanted.count) {
      return InvalidArgumentError("tensor '" + EscapeForDisplay(wanted.name) + "' has " +
                                  std::to_string(wanted.count) + " elements, not " +
                                  std::to_string(values.size()));
    }
    held_[tensor] = Stored(wanted, values);
    return OkStatus();
  }

  const npu::FixedModel& model_;
  const Network& network_;
  const TensorSource& given_;
  std::optional<uint64_t> chance_;
  std::map<uint32_t, uint32_t> last_readers_;
  std::map<uint32_t, std::vector<int16_t>> held_;
};

}  // namespace

FixedRunner::FixedRunner(std::shared_ptr<const npu::FixedModel> model,
                         int threads,
                         CancelToken cancel)
    : model_(std::move(model)),
      threads_(threads),
      cancel_(std::move(cancel)),
      network_(NetworkOf(*model_)) {}

Result<std::unique_ptr<FixedRunner>> FixedRunner::Create(
    std::shared_ptr<const npu::FixedModel> model, int threads, const CancelToken& cancel) {
  if (model == nullptr) {
    return InvalidArgumentError("there is no model to run");
  }
  PLUMB_RETURN_IF_ERROR(npu::ValidateModel(*model));
  return std::unique_ptr<FixedRunner>(new FixedRunner(std::move(model), threads, cancel));
}

Status FixedRunner::Run(std::span<const uint32_t> layers,
                        const TensorSource& given,
                        const TensorSink& sink,
                        std::optional<uint64_t> chance) {
  PartialRun run(*model_, network_, layers, given, chance);
  for (const uint32_t layer : layers) {
    PLUMB_RETURN_IF_ERROR(cancel_.status());
    PLUMB_RETURN_IF_ERROR(run.RunLayer(layer, threads_, sink));
  }
  return OkStatus();
}

}  // namespace plumb::blame
