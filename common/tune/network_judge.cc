#include "common/tune/network_judge.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "common/analysis/pair_comparator.h"
#include "common/npu/float/executor.h"
#include "common/npu/kernels_fast/executor.h"
#include "common/npu/quantize/weights.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::tune {
namespace {

uint64_t CountOf(const Shape& shape) {
  return shape.element_count().value_or(0);
}

// Multiplications of one convolution: weights are used once for each place of the output (of the
// input, where the convolution is transposed).
double MacsOf(const npu::Graph& graph, const npu::GraphOp& op) {
  const Shape& weights = graph.tensors[op.inputs[1]].shape;
  const bool transposed = op.kind == npu::OpKind::kTransposeConv2d;
  const Shape& places = graph.tensors[transposed ? op.inputs[0] : op.output].shape;
  const auto channels = static_cast<double>(places.innermost());
  return static_cast<double>(CountOf(weights)) * static_cast<double>(CountOf(places)) / channels;
}

std::vector<Candidate> CandidatesOf(const NetworkProblem& problem) {
  std::vector<uint32_t> pictures;
  for (size_t i = 0; i < problem.options.pictures.size(); ++i) {
    if (problem.options.pictures[i]) {
      pictures.push_back(problem.graph->inputs[i]);
    }
  }
  std::vector<Candidate> candidates;
  for (const uint32_t tensor : npu::RaisableTensors(*problem.graph, pictures)) {
    Candidate candidate{problem.graph->tensors[tensor].name, 0, 0};
    for (const npu::GraphOp& op : problem.graph->ops) {
      if (npu::HasWeights(op.kind) && op.inputs[0] == tensor) {
        candidate.cost += MacsOf(*problem.graph, op);
      }
    }
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

std::vector<float> Dequantized(const npu::FixedTensor& tensor, std::span<const int16_t> stored) {
  std::vector<float> values;
  values.reserve(stored.size());
  for (const int16_t q : stored) {
    values.push_back(static_cast<float>((q - tensor.zero_point) * tensor.scale));
  }
  return values;
}

std::span<const uint8_t> BytesOf(std::span<const float> values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()};
}

// The worse of both, number by number.
void Worsen(TensorError* worst, const TensorError& other) {
  worst->cosine = std::min(worst->cosine, other.cosine);
  worst->rel_l1 = std::max(worst->rel_l1, other.rel_l1);
  worst->meets = worst->meets && other.meets;
}

double SummedError(const std::vector<TensorError>& outputs) {
  // An error that does not exist is worse than any that does, and must not drown the others.
  constexpr double kWorst = 1e6;
  double sum = 0;
  for (const TensorError& output : outputs) {
    sum += std::min(output.rel_l1, kWorst);
  }
  return sum;
}

// A model ready to run.
class Runner {
 public:
  static Result<Runner> Create(npu::FixedModel model, int threads) {
    Runner runner;
    runner.model_ = std::make_shared<const npu::FixedModel>(std::move(model));
    npu::FastExecutor::Options options;
    options.threads = threads;
    PLUMB_ASSIGN_OR_RETURN(runner.executor_, npu::FastExecutor::Create(runner.model_, options));
    return runner;
  }

  [[nodiscard]] const npu::FixedModel& model() const { return *model_; }

  // The outputs' stored values.
  Result<std::vector<std::vector<int16_t>>> Run(const std::vector<std::vector<int16_t>>& inputs,
                                                const npu::LayerTap& tap = nullptr) {
    std::vector<std::vector<int16_t>> results;
    for (const uint32_t output : model_->outputs) {
      results.emplace_back(CountOf(model_->tensors[output].shape));
    }
    const std::vector<std::span<const int16_t>> from(inputs.begin(), inputs.end());
    const std::vector<std::span<int16_t>> to(results.begin(), results.end());
    PLUMB_RETURN_IF_ERROR(executor_->Run(from, to, tap));
    return results;
  }

 private:
  std::shared_ptr<const npu::FixedModel> model_;
  std::unique_ptr<npu::FastExecutor> executor_;
};

}  // namespace

NetworkJudge::NetworkJudge(NetworkProblem problem)
    : problem_(std::move(problem)),
      candidates_(CandidatesOf(problem_)) {}

NetworkJudge::~NetworkJudge() = default;

Result<std::unique_ptr<NetworkJudge>> NetworkJudge::Create(NetworkProblem problem) {
  if (problem.samples.empty()) {
    return InvalidArgumentError("there is no sample to judge by");
  }
  PLUMB_ASSIGN_OR_RETURN(const auto executor, npu::FloatExecutor::Create(problem.graph));
  std::unique_ptr<NetworkJudge> judge(new NetworkJudge(std::move(problem)));
  for (const auto& sample : judge->problem_.samples) {
    PLUMB_ASSIGN_OR_RETURN(auto outputs, executor->Run(sample));
    judge->references_.push_back(std::move(outputs));
  }
  return judge;
}

Result<npu::FixedModel> NetworkJudge::Quantized(std::span<const size_t> on) const {
  npu::QuantizeOptions options = problem_.options;
  options.precision = {};
  for (const size_t index : on) {
    options.precision.tensors.push_back(candidates_.at(index).name);
  }
  return npu::QuantizeFromFloat(*problem_.graph, problem_.ranges, options);
}

Result<TensorError> NetworkJudge::Compared(const std::string& name,
                                           std::span<const float> reference,
                                           std::span<const float> target) const {
  const auto count = static_cast<int64_t>(reference.size());
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(std::vector<int64_t>{count}));
  PLUMB_ASSIGN_OR_RETURN(const TensorDesc desc,
                         MakeContiguousDesc(name, ElementType::kFloat32, shape));
  PLUMB_ASSIGN_OR_RETURN(
      auto comparator, analysis::PairComparator::Create(desc, desc, problem_.tolerance.For(name)));
  PLUMB_RETURN_IF_ERROR(comparator.Advance(analysis::LegInMemory(BytesOf(reference)),
                                           analysis::LegInMemory(BytesOf(target))));
  const analysis::TensorReport report = comparator.Report();
  return TensorError{
      name,
      report.cosine.value_or(report.equal ? 1 : -1),
      report.relative_l1.value_or(report.equal ? 0 : std::numeric_limits<double>::infinity()),
      report.verdict == analysis::Verdict::kMatch};
}

Result<std::vector<TensorError>> NetworkJudge::Outputs(std::span<const size_t> on) const {
  PLUMB_ASSIGN_OR_RETURN(npu::FixedModel model, Quantized(on));
  PLUMB_ASSIGN_OR_RETURN(Runner runner, Runner::Create(std::move(model), problem_.threads));
  std::vector<TensorError> worst;
  for (size_t sample = 0; sample < references_.size(); ++sample) {
    PLUMB_ASSIGN_OR_RETURN(const auto inputs, problem_.stored_inputs(runner.model(), sample));
    PLUMB_ASSIGN_OR_RETURN(const auto outputs, runner.Run(inputs));
    for (size_t i = 0; i < outputs.size(); ++i) {
      const npu::FixedTensor& tensor = runner.model().tensors[runner.model().outputs[i]];
      const std::string& name = problem_.graph->tensors[problem_.graph->outputs[i]].name;
      PLUMB_ASSIGN_OR_RETURN(
          const TensorError error,
          Compared(name, references_[sample][i], Dequantized(tensor, outputs[i])));
      if (sample == 0) {
        worst.push_back(error);
      } else {
        Worsen(&worst[i], error);
      }
    }
  }
  return worst;
}

Result<std::vector<TensorError>> NetworkJudge::Layers(std::span<const size_t> on) const {
  PLUMB_ASSIGN_OR_RETURN(npu::FixedModel model, Quantized(on));
  PLUMB_ASSIGN_OR_RETURN(Runner runner, Runner::Create(std::move(model), problem_.threads));
  PLUMB_ASSIGN_OR_RETURN(const auto inputs, problem_.stored_inputs(runner.model(), 0));
  // Stored values take half of what reals would.
  std::map<std::string, std::pair<uint32_t, std::vector<int16_t>>> stored;
  PLUMB_RETURN_IF_ERROR(runner
                            .Run(inputs,
                                 [&](uint32_t tensor, std::span<const int16_t> values) {
                                   stored[runner.model().tensors[tensor].name] = {
                                       tensor, std::vector<int16_t>(values.begin(), values.end())};
                                 })
                            .status());
  std::vector<TensorError> layers;
  PLUMB_ASSIGN_OR_RETURN(const auto executor, npu::FloatExecutor::Create(problem_.graph));
  const npu::FloatLayerSink sink = [&](const npu::GraphOp& /*op*/,
                                       const npu::GraphTensor& tensor,
                                       std::span<const float> values) -> Status {
    const auto found = stored.find(tensor.name);
    if (found == stored.end() || found->second.second.size() != values.size()) {
      return OkStatus();  // fused away
    }
    const npu::FixedTensor& fixed = runner.model().tensors[found->second.first];
    PLUMB_ASSIGN_OR_RETURN(TensorError error,
                           Compared(tensor.name, values, Dequantized(fixed, found->second.second)));
    layers.push_back(std::move(error));
    return OkStatus();
  };
  PLUMB_RETURN_IF_ERROR(executor->Run(problem_.samples.front(), sink).status());
  return layers;
}

Status NetworkJudge::MeasureSensitivities(const CancelToken& cancel,
                                          const std::function<void(size_t index)>& progress) {
  std::vector<size_t> all(candidates_.size());
  std::iota(all.begin(), all.end(), size_t{0});
  PLUMB_ASSIGN_OR_RETURN(const std::vector<TensorError> best, Outputs(all));
  for (size_t i = 0; i < candidates_.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(cancel.status());
    progress(i);
    std::vector<size_t> others = all;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    PLUMB_ASSIGN_OR_RETURN(const std::vector<TensorError> without, Outputs(others));
    candidates_[i].sensitivity = SummedError(without) - SummedError(best);
  }
  return OkStatus();
}

Judge NetworkJudge::judge(const CancelToken& cancel) const {
  return [this, cancel](std::span<const size_t> on) -> Result<Judgement> {
    PLUMB_RETURN_IF_ERROR(cancel.status());
    PLUMB_ASSIGN_OR_RETURN(const std::vector<TensorError> outputs, Outputs(on));
    const bool meets = std::all_of(
        outputs.begin(), outputs.end(), [](const TensorError& output) { return output.meets; });
    return meets ? Judgement::kMeets : Judgement::kMisses;
  };
}

}  // namespace plumb::tune
