// Which output of the reference belongs to which output of the target.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "common/analysis/report.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::server {

struct OutputPair {
  uint32_t reference = 0;  // indexes into the two models' outputs
  uint32_t target = 0;

  friend bool operator==(const OutputPair&, const OutputPair&) = default;
};

struct Pairing {
  std::vector<OutputPair> pairs;  // by the target's index
  analysis::Coverage coverage;
};

// By name first (the same index preferred where a name comes more than once), then by index where
// neither side's name has a partner. What is left is missing in the coverage, by name.
Pairing PairOutputs(const std::vector<TensorDesc>& reference,
                    const std::vector<TensorDesc>& target);

}  // namespace plumb::server
