// Culprit after culprit: the output of one is replaced by the reference's, and the network runs on
// from there (docs/blame.md).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/blame/isolate.h"
#include "common/blame/problem.h"

namespace plumb::blame {

struct OutputError {
  uint32_t tensor = 0;
  LayerError error;
};

struct Excused {
  uint32_t tensor = 0;  // the culprit's output
  // Of the network's outputs once this culprit and those before it are excused.
  std::vector<OutputError> outputs;
  bool within = false;  // all of them
};

struct Excuses {
  std::vector<OutputError> before;  // nobody excused
  bool within = false;
  std::vector<Excused> culprits;  // in the order of execution
  // Tensors of the target that differ from what the runner makes of the same start by more than
  // half a step, of how many; the first of them.
  uint64_t unlike = 0;
  uint64_t compared = 0;
  std::optional<uint32_t> first_unlike;
  std::string impossible;  // why nothing was run; empty: it was
};

// One run of the network for each, and one before.
constexpr size_t kMaxExcused = 64;

// Excuses the blamed of `layers` one after the other, at most kMaxExcused of them. Layers that read
// an input of the network that the reference does not know give what they gave in the target.
Result<Excuses> ExcuseOneByOne(const BlameProblem& problem, std::span<const LayerBlame> layers);

}  // namespace plumb::blame
