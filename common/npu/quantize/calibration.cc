#include "common/npu/quantize/calibration.h"

#include <algorithm>
#include <cmath>

#include "common/base/text.h"

namespace plumb::npu {
namespace {

Result<ValueRange> RangeOf(const GraphTensor& tensor, std::span<const float> values) {
  ValueRange range{values.front(), values.front(), true};
  float finite = 0;
  for (const float value : values) {
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
    finite += value * 0.0F;  // NaN as soon as one value is NaN or infinite
  }
  if (std::isnan(finite)) {
    return InvalidArgumentError("tensor '" + EscapeForDisplay(tensor.name) +
                                "' becomes NaN or infinite")
        .WithHint("check the sample's mean and std, and the model's weights");
  }
  return range;
}

void Widen(ValueRange& range, const ValueRange& other) {
  if (!range.seen) {
    range = other;
  } else if (other.seen) {
    range.low = std::min(range.low, other.low);
    range.high = std::max(range.high, other.high);
  }
}

}  // namespace

Calibrator::Calibrator(std::unique_ptr<FloatExecutor> executor) : executor_(std::move(executor)) {
  ranges_.tensors.resize(executor_->graph().tensors.size());
}

Result<Calibrator> Calibrator::Create(std::shared_ptr<const Graph> graph) {
  PLUMB_ASSIGN_OR_RETURN(std::unique_ptr<FloatExecutor> executor,
                         FloatExecutor::Create(std::move(graph)));
  if (IsQuantized(executor->graph())) {
    return InvalidArgumentError("the network is quantised already; it needs no calibration")
        .WithHint("quantise it without calibration data");
  }
  return Calibrator(std::move(executor));
}

Status Calibrator::Add(std::span<const std::vector<float>> inputs) {
  const Graph& graph = executor_->graph();
  std::vector<ValueRange> sample(ranges_.tensors.size());
  const auto watch = [&sample](const GraphOp& op,
                               const GraphTensor& tensor,
                               std::span<const float> values) -> Status {
    PLUMB_ASSIGN_OR_RETURN(sample[op.output], RangeOf(tensor, values));
    return OkStatus();
  };
  const Result<std::vector<std::vector<float>>> outputs = executor_->Run(inputs, watch);
  PLUMB_RETURN_IF_ERROR(outputs.status());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const uint32_t tensor = graph.inputs[i];
    PLUMB_ASSIGN_OR_RETURN(sample[tensor], RangeOf(graph.tensors[tensor], inputs[i]));
  }
  for (size_t i = 0; i < sample.size(); ++i) {
    Widen(ranges_.tensors[i], sample[i]);
  }
  ++ranges_.samples;
  return OkStatus();
}

}  // namespace plumb::npu
