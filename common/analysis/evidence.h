// What the target's sink is told beyond the bytes: the probe, the canaries, the repetitions.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/runner/runner.h"

namespace plumb::analysis {

// Collects TensorSink events of the target in bounded memory. Value type, not thread-safe.
class RunEvidence {
 public:
  struct Output {
    std::optional<uint64_t> probe_digest;
    std::optional<uint64_t> digest;  // of repetition 0
    uint64_t canary_size = 0;        // of repetition 0, valid bytes never written
    uint32_t repetitions = 0;
    uint32_t differing_repetitions = 0;
    std::optional<uint32_t> first_differing_repetition;
  };

  void OnProbe(const std::vector<uint64_t>& valid_digests, bool input_was_zero);
  void OnTensorEnd(const TensorEnd& end);
  // How often output `index` was computed, where only differing repetitions are told.
  void SetRepetitions(uint32_t index, uint32_t repetitions);

  [[nodiscard]] const std::vector<Output>& outputs() const { return outputs_; }

  // False once a repetition's output differs from repetition 0's.
  [[nodiscard]] bool repeatable() const;
  // True when a probe on zeros and the run on a different input gave the same bytes in every
  // output. Whether that is a fault depends on the reference.
  [[nodiscard]] bool same_as_probe() const;

 private:
  Output* At(uint32_t index);

  std::vector<Output> outputs_;
  bool probe_proves_something_ = false;
};

}  // namespace plumb::analysis
