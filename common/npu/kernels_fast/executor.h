// FastExecutor: the vector-friendly, threaded kernel set, which the virtual IPU runs. Written apart
// from kernels_reference, over the same frozen integers (docs/formats/offline-model.md,
// "Arithmetic"): equal profiles give equal bits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "common/base/status.h"
#include "common/npu/kernels_fast/instruction_set.h"
#include "common/npu/model/model.h"

namespace plumb::npu {

// Not thread-safe: one Run at a time.
class FastExecutor {
 public:
  struct Options {
    // Instead of the model's own.
    std::optional<RoundingProfile> rounding;
    // Including the caller's; results do not depend on it. 1…64.
    int threads = 1;
    // Instead of the fastest that this CPU has: for tests and benchmarks. Results do not depend on
    // it. kInvalidArgument where it is not supported.
    std::optional<InstructionSet> instructions;
  };

  // Validates the model and prepares it; all memory is allocated here. kInvalidArgument as
  // ValidateModel, kResourceExhausted when memory is short.
  static Result<std::unique_ptr<FastExecutor>> Create(std::shared_ptr<const FixedModel> model,
                                                      const Options& options);
  FastExecutor(const FastExecutor&) = delete;
  FastExecutor& operator=(const FastExecutor&) = delete;
  ~FastExecutor();

  [[nodiscard]] const FixedModel& model() const;

  // Stored values of every input and output, in the model's order and each of its tensor's element
  // count. `tap`, when set, sees every operation's output. kInvalidArgument for another number or
  // size of spans, or for input values outside their type's range.
  Status Run(std::span<const std::span<const int16_t>> inputs,
             std::span<const std::span<int16_t>> outputs,
             const LayerTap& tap = nullptr);

 private:
  class Impl;
  explicit FastExecutor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace plumb::npu
