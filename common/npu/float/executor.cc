#include "common/npu/float/executor.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "common/npu/float/kernels.h"

namespace plumb::npu {
namespace {

constexpr uint64_t kMaxLiveBytes = uint64_t{4} << 30;

uint64_t ByteSize(const GraphTensor& tensor) {
  return tensor.shape.element_count().value_or(0) * sizeof(float);
}

// For each operation, the tensors that nothing reads after it.
std::vector<std::vector<uint32_t>> FindLastReaders(const Graph& graph) {
  std::vector<size_t> last(graph.tensors.size(), graph.ops.size());
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    last[graph.ops[i].output] = i;
    for (const uint32_t input : graph.ops[i].inputs) {
      last[input] = i;
    }
  }
  for (const uint32_t output : graph.outputs) {
    last[output] = graph.ops.size();
  }
  std::vector<std::vector<uint32_t>> dying(graph.ops.size() + 1);
  for (uint32_t tensor = 0; tensor < last.size(); ++tensor) {
    dying[last[tensor]].push_back(tensor);
  }
  return dying;
}

Status CheckLiveBytes(const Graph& graph, const std::vector<std::vector<uint32_t>>& dying) {
  uint64_t live = 0;
  std::vector<bool> held(graph.tensors.size());
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    live += ByteSize(graph.tensors[graph.ops[i].output]);
    held[graph.ops[i].output] = true;
    if (live > kMaxLiveBytes) {
      return ResourceExhaustedError("the network needs more than 4 GiB for its tensors at " +
                                    DescribeOp(graph.ops[i]));
    }
    for (const uint32_t tensor : dying[i]) {
      live -= held[tensor] ? ByteSize(graph.tensors[tensor]) : 0;
      held[tensor] = false;
    }
  }
  return OkStatus();
}

void Clip(Activation activation, std::span<float> values) {
  if (activation == Activation::kNone) {
    return;
  }
  const ActivationBounds bounds = BoundsOf(activation);
  for (float& value : values) {
    value = std::min(std::max(value, bounds.low), bounds.high);
  }
}

}  // namespace

class FloatExecutor::Impl {
 public:
  explicit Impl(std::shared_ptr<const Graph> graph) : graph_(std::move(graph)) {}

  Status Prepare();
  Result<std::vector<std::vector<float>>> Run(std::span<const std::vector<float>> inputs,
                                              const FloatLayerSink& sink);

  [[nodiscard]] const Graph& graph() const { return *graph_; }

 private:
  void PrepareConstants();
  Status BindInputs(std::span<const std::vector<float>> inputs);
  Status RunOp(size_t index, const FloatLayerSink& sink);

  std::shared_ptr<const Graph> graph_;
  std::vector<std::vector<float>> constants_;   // by tensor; empty where computed
  std::vector<std::vector<float>> weights_;     // by operation; transposed operand 1
  std::vector<std::vector<uint32_t>> dying_;    // by operation
  std::vector<std::vector<float>> computed_;    // by tensor, while alive
  std::vector<std::span<const float>> values_;  // by tensor: any of the above, or an input
};

Status FloatExecutor::Impl::Prepare() {
  PLUMB_RETURN_IF_ERROR(ValidateGraph(*graph_));
  dying_ = FindLastReaders(*graph_);
  PLUMB_RETURN_IF_ERROR(CheckLiveBytes(*graph_, dying_));
  PrepareConstants();
  return OkStatus();
}

void FloatExecutor::Impl::PrepareConstants() {
  constants_.resize(graph_->tensors.size());
  computed_.resize(graph_->tensors.size());
  values_.resize(graph_->tensors.size());
  for (size_t i = 0; i < graph_->tensors.size(); ++i) {
    if (graph_->tensors[i].is_constant()) {
      constants_[i] = ConstantAsFloats(graph_->tensors[i]);
      values_[i] = constants_[i];
    }
  }
  weights_.resize(graph_->ops.size());
  for (size_t i = 0; i < graph_->ops.size(); ++i) {
    const GraphOp& op = graph_->ops[i];
    if (WantsTransposedWeights(op.kind)) {
      const GraphTensor& tensor = graph_->tensors[op.inputs[1]];
      weights_[i] = TransposeWeights(values_[op.inputs[1]], static_cast<size_t>(tensor.shape[0]));
    }
  }
}

Status FloatExecutor::Impl::BindInputs(std::span<const std::vector<float>> inputs) {
  if (inputs.size() != graph_->inputs.size()) {
    return InvalidArgumentError("the network has " + std::to_string(graph_->inputs.size()) +
                                " inputs but " + std::to_string(inputs.size()) + " were given");
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const GraphTensor& tensor = graph_->tensors[graph_->inputs[i]];
    if (tensor.shape.element_count() != inputs[i].size()) {
      return InvalidArgumentError("input '" + tensor.name + "' has " + tensor.shape.ToString() +
                                  " elements but " + std::to_string(inputs[i].size()) +
                                  " were given");
    }
    values_[graph_->inputs[i]] = inputs[i];
  }
  return OkStatus();
}

Status FloatExecutor::Impl::RunOp(size_t index, const FloatLayerSink& sink) {
  const GraphOp& op = graph_->ops[index];
  const GraphTensor& tensor = graph_->tensors[op.output];
  std::vector<float>& output = computed_[op.output];
  output.resize(tensor.shape.element_count().value_or(0));
  FloatCall call{&op, {}, &tensor.shape, output};
  for (const uint32_t input : op.inputs) {
    call.inputs.push_back({&graph_->tensors[input].shape, values_[input]});
  }
  if (!weights_[index].empty()) {
    call.inputs[1].values = weights_[index];
  }
  FloatKernelFor(op.kind)(call);
  Clip(op.activation, output);
  values_[op.output] = output;
  if (sink) {
    PLUMB_RETURN_IF_ERROR(sink(op, tensor, output));
  }
  for (const uint32_t dead : dying_[index]) {
    std::vector<float>().swap(computed_[dead]);
  }
  return OkStatus();
}

Result<std::vector<std::vector<float>>> FloatExecutor::Impl::Run(
    std::span<const std::vector<float>> inputs, const FloatLayerSink& sink) {
  PLUMB_RETURN_IF_ERROR(BindInputs(inputs));
  for (size_t i = 0; i < graph_->ops.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(RunOp(i, sink));
  }
  std::vector<std::vector<float>> outputs;
  for (const uint32_t output : graph_->outputs) {
    outputs.emplace_back(values_[output].begin(), values_[output].end());
  }
  return outputs;
}

FloatExecutor::FloatExecutor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

FloatExecutor::~FloatExecutor() = default;

Result<std::unique_ptr<FloatExecutor>> FloatExecutor::Create(std::shared_ptr<const Graph> graph) {
  auto impl = std::make_unique<Impl>(std::move(graph));
  PLUMB_RETURN_IF_ERROR(impl->Prepare());
  return std::unique_ptr<FloatExecutor>(new FloatExecutor(std::move(impl)));
}

const Graph& FloatExecutor::graph() const {
  return impl_->graph();
}

Result<std::vector<std::vector<float>>> FloatExecutor::Run(
    std::span<const std::vector<float>> inputs, const FloatLayerSink& sink) {
  return impl_->Run(inputs, sink);
}

}  // namespace plumb::npu
