// FloatExecutor: the network in float32, the reference that quantisation is judged against.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/npu/graph/graph.h"

namespace plumb::npu {

// Called after each operation with its output, which lives until the call returns. An error ends
// the run with it.
using FloatLayerSink = std::function<Status(
    const GraphOp& op, const GraphTensor& tensor, std::span<const float> values)>;

// Not thread-safe: one Run at a time. The same input gives the same bits on every CPU: fixed
// order of summation, no contraction, no libm function that is not exact (portable_math.h).
class FloatExecutor {
 public:
  // Validates the graph. A quantised graph is computed in float from its dequantised constants.
  static Result<std::unique_ptr<FloatExecutor>> Create(std::shared_ptr<const Graph> graph);
  FloatExecutor(const FloatExecutor&) = delete;
  FloatExecutor& operator=(const FloatExecutor&) = delete;
  ~FloatExecutor();

  [[nodiscard]] const Graph& graph() const;

  // Real values of every input and output, in the graph's order. A tensor's memory is freed after
  // its last reader, so only what is alive is held. kInvalidArgument for another number of inputs
  // or of elements.
  Result<std::vector<std::vector<float>>> Run(std::span<const std::vector<float>> inputs,
                                              const FloatLayerSink& sink = nullptr);

 private:
  class Impl;
  explicit FloatExecutor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace plumb::npu
