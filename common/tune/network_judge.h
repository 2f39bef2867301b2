// The judge that `plumb tune` brings along: the network in fixed point against itself in float.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/analysis/tolerance.h"
#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/npu/graph/graph.h"
#include "common/npu/model/model.h"
#include "common/npu/quantize/calibration.h"
#include "common/npu/quantize/quantize.h"
#include "common/tune/minimal_set.h"

namespace plumb::tune {

// How far one tensor is from float; of the samples the worst.
struct TensorError {
  std::string name;
  double cosine = 1;  // −1 where it does not exist (nothing but zeros on one side, NaN)
  double rel_l1 = 0;  // Σ|d| / Σ|r|; infinite where it does not exist
  bool meets = true;
};

struct NetworkProblem {
  std::shared_ptr<const npu::Graph> graph;  // float
  npu::CalibrationRanges ranges;
  npu::QuantizeOptions options;  // `precision` is not looked at
  // Real values of every input of the graph, sample by sample; at least one sample.
  std::vector<std::vector<std::vector<float>>> samples;
  // What the fixed model's inputs hold for sample `index`.
  std::function<Result<std::vector<std::vector<int16_t>>>(const npu::FixedModel& model,
                                                          size_t index)>
      stored_inputs;
  analysis::TolerancePolicy tolerance;
  int threads = 1;
};

// Not thread-safe. Results depend on nothing but the problem: both executors are exact.
class NetworkJudge {
 public:
  // Runs the float network once for each sample. Errors as FloatExecutor.
  static Result<std::unique_ptr<NetworkJudge>> Create(NetworkProblem problem);
  NetworkJudge(const NetworkJudge&) = delete;
  NetworkJudge& operator=(const NetworkJudge&) = delete;
  ~NetworkJudge();

  // What can be raised: the inputs of convolutions. Cost: the MACs of those that read it.
  // Sensitivity: 0 until MeasureSensitivities.
  [[nodiscard]] const std::vector<Candidate>& candidates() const { return candidates_; }

  // How much rel_l1, summed over the outputs, each adds when it alone stays at 8 bits. As many
  // evaluations as there are candidates, and one; `progress` is called before each.
  Status MeasureSensitivities(const CancelToken& cancel,
                              const std::function<void(size_t index)>& progress);

  // The outputs with exactly these raised.
  Result<std::vector<TensorError>> Outputs(std::span<const size_t> on) const;
  // Every layer that float and fixed both have, on the first sample, in order.
  Result<std::vector<TensorError>> Layers(std::span<const size_t> on) const;

  // Meets when every output does, on every sample. Refers to this object.
  [[nodiscard]] Judge judge(const CancelToken& cancel) const;

 private:
  explicit NetworkJudge(NetworkProblem problem);

  [[nodiscard]] Result<npu::FixedModel> Quantized(std::span<const size_t> on) const;
  Result<TensorError> Compared(const std::string& name,
                               std::span<const float> reference,
                               std::span<const float> target) const;

  NetworkProblem problem_;
  std::vector<Candidate> candidates_;
  std::vector<std::vector<std::vector<float>>> references_;  // sample, output
};

}  // namespace plumb::tune
