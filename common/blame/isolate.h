// Each layer alone, fed what the reference feeds it: what it adds itself, apart from what it
// inherits (docs/blame.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/blame/problem.h"

namespace plumb::blame {

enum class Blame : uint8_t {
  kNone,       // within the limits
  kInherited,  // out of the limits in the target, within them alone: innocent
  kCoarse,     // out of the limits alone, as its scales let expect: too few bits, or a wrong range
  kBroken,     // adds more than its scales explain: it computes something else
  kUnknown,    // could not be run alone
};

// "none", "inherited", "coarse", "broken", "unknown".
std::string_view BlameName(Blame blame);

// Coarse and broken layers are blamed.
inline bool IsBlamed(Blame blame) {
  return blame == Blame::kCoarse || blame == Blame::kBroken;
}

// Broken: the local error is at least this many times the expected one, and this large.
constexpr double kBrokenFactor = 2;
constexpr double kBrokenError = 0.01;  // rel_l2

// Stands for what rounding weights to 8 bits does to a layer that could not be run (rel_l2).
constexpr double kUnmeasuredWeights = 0.02;

struct LayerBlame {
  uint32_t tensor = 0;  // the output that was judged
  // What was run: its layer and those before it whose outputs the reference does not have.
  std::vector<uint32_t> layers;
  std::optional<LayerError> local;       // empty: `reason` says why
  std::optional<LayerError> cumulative;  // of the target
  std::optional<double> floor;           // rel_l2 of rounding the reference's output to its scale
  std::optional<double> expected;        // rel_l2 that the roundings of inputs and output explain
  std::optional<double> amplification;   // rel_l2 in the target: of the output / the worst input
  Blame blame = Blame::kUnknown;
  std::string reason;
};

// One entry for each tensor that a layer computes and the reference knows, in the order of
// execution. Memory: the inputs of one layer twice, its output three times, as float32. Fails with
// the first error of a source or the runner.
Result<std::vector<LayerBlame>> IsolateLayers(const BlameProblem& problem);

}  // namespace plumb::blame
