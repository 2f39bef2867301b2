// ReferenceExecutor: the plain kernel set, which the built-in simulator runs. Written apart from
// kernels_fast, over the same frozen integers (docs/formats/offline-model.md, "Arithmetic"): equal
// profiles give equal bits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "common/base/status.h"
#include "common/npu/model/model.h"

namespace plumb::npu {

// Not thread-safe: one Run at a time.
class ReferenceExecutor {
 public:
  struct Options {
    // Instead of the model's own.
    std::optional<RoundingProfile> rounding;
  };

  // Validates the model and prepares it; all memory is allocated here. kInvalidArgument as
  // ValidateModel, kResourceExhausted when memory is short.
  static Result<std::unique_ptr<ReferenceExecutor>> Create(std::shared_ptr<const FixedModel> model,
                                                           const Options& options);
  ReferenceExecutor(const ReferenceExecutor&) = delete;
  ReferenceExecutor& operator=(const ReferenceExecutor&) = delete;
  ~ReferenceExecutor();

  [[nodiscard]] const FixedModel& model() const;

  // Stored values of every input and output, in the model's order and each of its tensor's element
  // count. `tap`, when set, sees every operation's output. kInvalidArgument for another number or
  // size of spans, or for input values outside their type's range.
  Status Run(std::span<const std::span<const int16_t>> inputs,
             std::span<const std::span<int16_t>> outputs,
             const LayerTap& tap = nullptr);

 private:
  class Impl;
  explicit ReferenceExecutor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace plumb::npu
