#include "tests/oracle/agreement.h"

#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "common/analysis/metrics.h"
#include "common/analysis/statistics.h"
#include "common/npu/float/executor.h"
#include "common/npu/kernels_fast/executor.h"
#include "common/npu/kernels_reference/executor.h"
#include "tests/oracle/tensor_index.h"

namespace plumb::testing {
namespace {

using analysis::TensorReport;

class Comparer {
 public:
  explicit Comparer(const OracleRun& oracle) : oracle_(oracle) { layers_.Add(oracle.layers); }

  template <class T>
  static Result<TensorReport> Compare(const OracleTensor& expected, std::span<const T> ours) {
    PLUMB_ASSIGN_OR_RETURN(const std::vector<double> reference, RealValues(expected.tensor));
    const std::vector<double> target(ours.begin(), ours.end());
    if (reference.size() != target.size()) {
      return InvalidArgumentError(expected.name + ": the oracle has " +
                                  std::to_string(reference.size()) + " elements, we have " +
                                  std::to_string(target.size()));
    }
    std::vector<double> difference;
    for (size_t i = 0; i < target.size(); ++i) {
      difference.push_back(target[i] - reference[i]);
    }
    analysis::ErrorStatistics statistics({});
    statistics.Add({reference, target, difference});
    TensorReport report;
    report.name = expected.name;
    report.element_type = expected.tensor.desc.element_type;
    analysis::FillMetrics(statistics.sums(), statistics.tally(), 0, report);
    return report;
  }

  template <class T>
  Status AddLayer(const std::string& name, std::string_view op, std::span<const T> values) {
    const OracleTensor* expected = layers_.Find(name);
    if (expected == nullptr) {
      return OkStatus();
    }
    PLUMB_ASSIGN_OR_RETURN(TensorReport report, Compare(*expected, values));
    report.op = op;
    report.index = static_cast<uint32_t>(agreement_.layers.size());
    agreement_.layers.push_back(std::move(report));
    return OkStatus();
  }

  template <class T>
  Result<Agreement> Finish(const std::vector<std::vector<T>>& outputs) && {
    if (outputs.size() != oracle_.outputs.size()) {
      return InvalidArgumentError("the oracle has another number of outputs");
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      PLUMB_ASSIGN_OR_RETURN(TensorReport report,
                             Compare(oracle_.outputs[i], std::span<const T>(outputs[i])));
      agreement_.outputs.push_back(std::move(report));
    }
    return std::move(agreement_);
  }

 private:
  const OracleRun& oracle_;
  TensorIndex layers_;
  Agreement agreement_;
};

template <class T>
Result<std::vector<std::vector<T>>> InputsOf(const OracleRun& oracle, ElementType wanted) {
  std::vector<std::vector<T>> inputs;
  for (const OracleTensor& input : oracle.inputs) {
    if (input.tensor.desc.element_type != wanted) {
      return UnimplementedError("input " + input.name + " is of another type");
    }
    PLUMB_ASSIGN_OR_RETURN(const std::vector<double> values, RealValues(input.tensor));
    inputs.emplace_back();
    for (const double value : values) {
      inputs.back().push_back(static_cast<T>(value));
    }
  }
  return inputs;
}

template <class Executor>
Result<Agreement> RunIntegers(const std::shared_ptr<const npu::FixedModel>& model,
                              const OracleRun& oracle) {
  const ElementType input_type = model->tensors.at(model->inputs.at(0).tensor).element_type;
  PLUMB_ASSIGN_OR_RETURN(const auto inputs, InputsOf<int16_t>(oracle, input_type));
  PLUMB_ASSIGN_OR_RETURN(const auto executor, Executor::Create(model, {}));
  std::vector<std::vector<int16_t>> outputs;
  for (const uint32_t tensor : model->outputs) {
    outputs.emplace_back(model->tensors[tensor].shape.element_count().value_or(0));
  }
  std::map<uint32_t, const npu::FixedOp*> makers;
  for (const npu::FixedOp& op : model->ops) {
    makers[op.output] = &op;
  }
  Comparer comparer(oracle);
  Status compared;
  const auto tap = [&](uint32_t tensor, std::span<const int16_t> values) {
    if (compared.ok()) {
      compared = comparer.AddLayer(model->tensors[tensor].name, makers[tensor]->source_op, values);
    }
  };
  PLUMB_RETURN_IF_ERROR(
      executor->Run(std::vector<std::span<const int16_t>>(inputs.begin(), inputs.end()),
                    std::vector<std::span<int16_t>>(outputs.begin(), outputs.end()),
                    tap));
  PLUMB_RETURN_IF_ERROR(compared);
  return std::move(comparer).Finish(outputs);
}

// `op` and its operands as a network of their own, whose inputs are what `op` does not have as
// constants.
npu::Graph GraphOfOne(const npu::Graph& graph, npu::GraphOp op) {
  npu::Graph one;
  one.name = op.name;
  for (uint32_t& input : op.inputs) {
    const npu::GraphTensor& operand = graph.tensors[input];
    input = static_cast<uint32_t>(one.tensors.size());
    one.tensors.push_back(operand);
    one.tensors.back().name += "#" + std::to_string(input);  // an operand may come twice
    if (!operand.is_constant()) {
      one.inputs.push_back(input);
    }
  }
  one.tensors.push_back(graph.tensors[op.output]);
  op.output = static_cast<uint32_t>(one.tensors.size()) - 1;
  one.outputs = {op.output};
  one.ops = {std::move(op)};
  return one;
}

// Empty when the oracle hides one of them.
Result<std::vector<std::vector<float>>> OperandsOf(const npu::Graph& graph,
                                                   const npu::GraphOp& op,
                                                   const TensorIndex& shown) {
  std::vector<std::vector<float>> operands;
  for (const uint32_t input : op.inputs) {
    if (graph.tensors[input].is_constant()) {
      continue;
    }
    const OracleTensor* tensor = shown.Find(graph.tensors[input].name);
    if (tensor == nullptr) {
      return std::vector<std::vector<float>>();
    }
    PLUMB_ASSIGN_OR_RETURN(const std::vector<double> values, RealValues(tensor->tensor));
    operands.emplace_back(values.begin(), values.end());
  }
  return operands;
}

}  // namespace

Result<std::vector<TensorReport>> CompareFloatLayersAlone(const npu::Graph& graph,
                                                          const OracleRun& oracle) {
  TensorIndex shown;
  shown.Add(oracle.inputs);
  shown.Add(oracle.layers);
  shown.Add(oracle.outputs);
  std::vector<TensorReport> reports;
  for (const npu::GraphOp& op : graph.ops) {
    const OracleTensor* expected = shown.Find(graph.tensors[op.output].name);
    PLUMB_ASSIGN_OR_RETURN(const auto operands, OperandsOf(graph, op, shown));
    if (expected == nullptr || operands.empty()) {
      continue;
    }
    PLUMB_ASSIGN_OR_RETURN(
        const auto executor,
        npu::FloatExecutor::Create(std::make_shared<const npu::Graph>(GraphOfOne(graph, op))));
    PLUMB_ASSIGN_OR_RETURN(const auto outputs, executor->Run(operands));
    PLUMB_ASSIGN_OR_RETURN(TensorReport report,
                           Comparer::Compare(*expected, std::span<const float>(outputs.front())));
    report.op = npu::OpKindName(op.kind);
    report.index = static_cast<uint32_t>(reports.size());
    reports.push_back(std::move(report));
  }
  return reports;
}

Result<Agreement> CompareFloat(const std::shared_ptr<const npu::Graph>& graph,
                               const OracleRun& oracle) {
  PLUMB_ASSIGN_OR_RETURN(const auto inputs, InputsOf<float>(oracle, ElementType::kFloat32));
  PLUMB_ASSIGN_OR_RETURN(const auto executor, npu::FloatExecutor::Create(graph));
  Comparer comparer(oracle);
  const auto sink =
      [&](const npu::GraphOp& op, const npu::GraphTensor& tensor, std::span<const float> values) {
        return comparer.AddLayer(tensor.name, npu::OpKindName(op.kind), values);
      };
  PLUMB_ASSIGN_OR_RETURN(const auto outputs, executor->Run(inputs, sink));
  return std::move(comparer).Finish(outputs);
}

Result<Agreement> CompareIntegers(const std::shared_ptr<const npu::FixedModel>& model,
                                  KernelSet kernels,
                                  const OracleRun& oracle) {
  return kernels == KernelSet::kReference ? RunIntegers<npu::ReferenceExecutor>(model, oracle)
                                          : RunIntegers<npu::FastExecutor>(model, oracle);
}

}  // namespace plumb::testing
