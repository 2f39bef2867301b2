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

void Average(ValueRange& range, const ValueRange& other) {
  if (!range.seen) {
    range = other;
  } else if (other.seen) {
    range.low += kMovingAverageWeight * (other.low - range.low);
    range.high += kMovingAverageWeight * (other.high - range.high);
  }
}

}  // namespace

Calibrator::Calibrator(std::unique_ptr<FloatExecutor> executor, const CalibrationOptions& options)
    : executor_(std::move(executor)),
      options_(options),
      seen_(executor_->graph().tensors.size()) {}

Result<Calibrator> Calibrator::Create(std::shared_ptr<const Graph> graph,
                                      const CalibrationOptions& options) {
  if (!(options.percentile > 50) || !(options.percentile <= 100)) {
    return InvalidArgumentError("a percentile of " + ShortestDouble(options.percentile) +
                                " is not above 50 and at most 100")
        .WithHint("99.99 leaves out one value in ten thousand");
  }
  PLUMB_ASSIGN_OR_RETURN(std::unique_ptr<FloatExecutor> executor,
                         FloatExecutor::Create(std::move(graph)));
  if (IsQuantized(executor->graph())) {
    return InvalidArgumentError("the network is quantised already; it needs no calibration")
        .WithHint("quantise it without calibration data");
  }
  return Calibrator(std::move(executor), options);
}

bool Calibrator::NeedsHistograms() const {
  return options_.method == CalibrationMethod::kPercentile ||
         options_.method == CalibrationMethod::kKl || options_.method == CalibrationMethod::kMse;
}

Result<Calibrator::Seen> Calibrator::Observe(const GraphTensor& tensor,
                                             std::span<const float> values) const {
  Seen seen;
  PLUMB_ASSIGN_OR_RETURN(seen.range, RangeOf(tensor, values));
  if (NeedsHistograms()) {
    seen.histogram.Add(values);
  }
  return seen;
}

Status Calibrator::Add(std::span<const std::vector<float>> inputs) {
  const Graph& graph = executor_->graph();
  std::vector<Seen> sample(seen_.size());
  const auto watch = [this, &sample](const GraphOp& op,
                                     const GraphTensor& tensor,
                                     std::span<const float> values) -> Status {
    PLUMB_ASSIGN_OR_RETURN(sample[op.output], Observe(tensor, values));
    return OkStatus();
  };
  const Result<std::vector<std::vector<float>>> outputs = executor_->Run(inputs, watch);
  PLUMB_RETURN_IF_ERROR(outputs.status());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const uint32_t tensor = graph.inputs[i];
    PLUMB_ASSIGN_OR_RETURN(sample[tensor], Observe(graph.tensors[tensor], inputs[i]));
  }
  for (size_t i = 0; i < sample.size(); ++i) {
    Widen(seen_[i].range, sample[i].range);
    Average(seen_[i].average, sample[i].range);
    seen_[i].histogram.Merge(sample[i].histogram);
  }
  ++samples_;
  return OkStatus();
}

ValueRange Calibrator::Choose(const Seen& seen) const {
  switch (options_.method) {
    case CalibrationMethod::kMinMax:
      return seen.range;
    case CalibrationMethod::kPercentile:
      return PercentileRange(seen.histogram, options_.percentile);
    case CalibrationMethod::kKl:
      return KlRange(seen.histogram);
    case CalibrationMethod::kMse:
      return MseRange(seen.histogram);
    case CalibrationMethod::kMovingAverage:
      return seen.average;
  }
  return seen.range;
}

CalibrationRanges Calibrator::ranges() const {
  const bool for_bytes =
      options_.method == CalibrationMethod::kKl || options_.method == CalibrationMethod::kMse;
  CalibrationRanges ranges;
  ranges.samples = samples_;
  for (const Seen& seen : seen_) {
    ranges.tensors.push_back(Choose(seen));
    if (for_bytes) {
      ranges.wide.push_back(seen.range);
    }
  }
  return ranges;
}

}  // namespace plumb::npu
