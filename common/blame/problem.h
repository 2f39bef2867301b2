// What blame is looked for in: a network that can be run in parts, what its tensors should be, and
// what they are.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/analysis/tolerance.h"
#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/blame/subgraph_runner.h"

namespace plumb::blame {

// How far a tensor is from the reference (docs/metrics.md); empty numbers do not exist.
struct LayerError {
  std::optional<double> cosine;
  std::optional<double> relative_l1;
  std::optional<double> relative_l2;
  bool within = true;  // of the limits
  std::string rule;    // what it breaks first: "rel_l1 > 0.1"
};

// One side's tensors.
struct TensorSide {
  std::vector<bool> known;  // by tensor: `values` can give it
  TensorSource values;
};

// The runner and what the sources read from must outlive it.
struct BlameProblem {
  SubgraphRunner* runner = nullptr;
  TensorSide reference;  // may know inputs of the network
  TensorSide target;     // what ran as a whole
  // By tensor: the target against the reference, where both are known.
  std::vector<std::optional<LayerError>> cumulative;
  analysis::TolerancePolicy policy;  // by the tensor's name
  CancelToken cancel;
  // Before each run of a part: what is run.
  std::function<void(const std::string& what)> progress;
};

// `tensor` against `reference`, judged by `limits`.
Result<LayerError> ErrorOf(const std::string& name,
                           std::span<const float> reference,
                           std::span<const float> tensor,
                           const analysis::Tolerance& limits);

}  // namespace plumb::blame
