// Calibration: the range of every tensor over a set of representative inputs.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/npu/float/executor.h"
#include "common/npu/graph/graph.h"

namespace plumb::npu {

struct ValueRange {
  float low = 0;
  float high = 0;
  bool seen = false;  // false: the tensor was never computed
};

// One entry for each tensor of the graph.
struct CalibrationRanges {
  std::vector<ValueRange> tensors;
  uint64_t samples = 0;
};

// Gathers minima and maxima. Not thread-safe.
class Calibrator {
 public:
  // As FloatExecutor::Create; kInvalidArgument for a graph that is quantised already.
  static Result<Calibrator> Create(std::shared_ptr<const Graph> graph);

  // Runs one sample (real values, in the order of the graph's inputs). kInvalidArgument when a
  // value is not finite anywhere in the network; such a sample leaves the ranges as they were.
  Status Add(std::span<const std::vector<float>> inputs);

  [[nodiscard]] const CalibrationRanges& ranges() const { return ranges_; }

 private:
  explicit Calibrator(std::unique_ptr<FloatExecutor> executor);

  std::unique_ptr<FloatExecutor> executor_;
  CalibrationRanges ranges_;
};

}  // namespace plumb::npu
