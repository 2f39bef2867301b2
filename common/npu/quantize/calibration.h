// Calibration: the range of every tensor over a set of representative inputs.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/npu/float/executor.h"
#include "common/npu/graph/graph.h"
#include "common/npu/quantize/histogram.h"
#include "common/npu/quantize/range_choice.h"

namespace plumb::npu {

// One entry for each tensor of the graph.
struct CalibrationRanges {
  std::vector<ValueRange> tensors;
  uint64_t samples = 0;
  // Where INT16 wants another range than UINT8; empty: nowhere.
  std::vector<ValueRange> wide = {};
};

struct CalibrationOptions {
  CalibrationMethod method = CalibrationMethod::kMinMax;
  double percentile = kDefaultPercentile;  // of kPercentile, 50 < p ≤ 100
};

// Gathers minima, maxima and, where the method asks for them, a Histogram of every computed tensor
// (and one more of each while a sample runs): memory does not grow with the samples, and one pass
// over them suffices. Not thread-safe.
class Calibrator {
 public:
  // As FloatExecutor::Create; kInvalidArgument for a graph that is quantised already, and for a
  // percentile outside its bounds.
  static Result<Calibrator> Create(std::shared_ptr<const Graph> graph,
                                   const CalibrationOptions& options = {});

  // Runs one sample (real values, in the order of the graph's inputs). kInvalidArgument when a
  // value is not finite anywhere in the network; such a sample leaves the ranges as they were.
  Status Add(std::span<const std::vector<float>> inputs);

  // By the method, of all samples so far. INT16 (`wide`) takes minima and maxima under kKl and
  // kMse: its steps are finer than any bin, so that nothing is gained by clipping.
  [[nodiscard]] CalibrationRanges ranges() const;

 private:
  // What is known of one tensor.
  struct Seen {
    ValueRange range;    // of all samples
    ValueRange average;  // moving, of the samples' own ranges
    Histogram histogram;
  };

  Calibrator(std::unique_ptr<FloatExecutor> executor, const CalibrationOptions& options);

  Result<Seen> Observe(const GraphTensor& tensor, std::span<const float> values) const;
  [[nodiscard]] ValueRange Choose(const Seen& seen) const;
  [[nodiscard]] bool NeedsHistograms() const;

  std::unique_ptr<FloatExecutor> executor_;
  CalibrationOptions options_;
  std::vector<Seen> seen_;
  uint64_t samples_ = 0;
};

}  // namespace plumb::npu
