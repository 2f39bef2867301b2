#include "common/blame/isolate.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "common/base/text.h"
#include "common/blame/quantised_values.h"
#include "common/blame/segment.h"

namespace plumb::blame {
namespace {

using Values = std::vector<float>;

// One draw over few elements says little about how far rounding moves them.
constexpr size_t kWantedSamples = 4096;
constexpr size_t kMaxDraws = 16;

class Isolation {
 public:
  explicit Isolation(const BlameProblem& problem)
      : problem_(problem),
        network_(problem.runner->network()) {}

  Result<std::vector<LayerBlame>> Run() {
    std::vector<LayerBlame> found;
    for (const Segment& segment : SegmentsOf(network_, problem_.reference.known)) {
      PLUMB_RETURN_IF_ERROR(problem_.cancel.status());
      if (problem_.progress) {
        problem_.progress(NameOf(segment.output));
      }
      LayerBlame layer;
      layer.tensor = segment.output;
      layer.layers = segment.layers;
      layer.cumulative = problem_.cumulative[segment.output];
      layer.amplification = AmplificationOf(segment);
      PLUMB_RETURN_IF_ERROR(Judge(segment, layer).Annotate("layer '" + NameOf(layer.tensor) + "'"));
      found.push_back(std::move(layer));
    }
    return found;
  }

 private:
  [[nodiscard]] std::string NameOf(uint32_t tensor) const {
    return EscapeForDisplay(network_.tensors[tensor].name);
  }

  [[nodiscard]] std::optional<double> AmplificationOf(const Segment& segment) const {
    double worst = 0;
    for (const uint32_t input : segment.inputs) {
      const auto& error = problem_.cumulative[input];
      worst = error && error->relative_l2 ? std::max(worst, *error->relative_l2) : worst;
    }
    const auto& output = problem_.cumulative[segment.output];
    if (worst <= 0 || !output || !output->relative_l2) {
      return std::nullopt;
    }
    return *output->relative_l2 / worst;
  }

  Status Judge(const Segment& segment, LayerBlame& layer) {
    PLUMB_ASSIGN_OR_RETURN(const Values reference, problem_.reference.values(segment.output));
    if (!AllFinite(reference)) {
      layer.reason = "the reference has NaN or Inf there";
      return OkStatus();
    }
    layer.floor =
        RelativeL2(Rounded(network_.tensors[segment.output], reference), reference, reference);
    layer.expected = layer.floor;
    const auto known = std::count_if(segment.inputs.begin(), segment.inputs.end(), [&](uint32_t i) {
      return problem_.reference.known[i];
    });
    if (known == 0) {
      return JudgeFirst(segment, layer);
    }
    if (known != static_cast<std::ptrdiff_t>(segment.inputs.size())) {
      layer.reason = "it reads the network's input beside other tensors, and no input was given";
      return OkStatus();
    }
    return JudgeAlone(segment, reference, layer);
  }

  // The reference has no file of the network's inputs, but both sides were fed the same: what such
  // a layer gave in the target it gives alone.
  Status JudgeFirst(const Segment& segment, LayerBlame& layer) {
    if (!layer.cumulative) {
      layer.reason = "it reads the network's input, and the target does not have its output";
      return OkStatus();
    }
    layer.local = problem_.cumulative[segment.output];
    layer.expected =
        std::sqrt(*layer.floor * *layer.floor + kUnmeasuredWeights * kUnmeasuredWeights);
    layer.reason = "reads the network's input alone: the target's error is its own";
    Decide(layer);
    return OkStatus();
  }

  Status JudgeAlone(const Segment& segment, const Values& reference, LayerBlame& layer) {
    std::map<uint32_t, Values> inputs;
    for (const uint32_t input : segment.inputs) {
      PLUMB_ASSIGN_OR_RETURN(inputs[input], problem_.reference.values(input));
      if (!AllFinite(inputs[input])) {
        layer.reason = "the reference has NaN or Inf in its input '" + NameOf(input) + "'";
        return OkStatus();
      }
    }
    PLUMB_ASSIGN_OR_RETURN(const Values alone, RunOn(segment, inputs, std::nullopt));
    PLUMB_ASSIGN_OR_RETURN(layer.local,
                           ErrorOf(network_.tensors[segment.output].name,
                                   reference,
                                   alone,
                                   problem_.policy.For(network_.tensors[segment.output].name)));
    PLUMB_ASSIGN_OR_RETURN(const double spread, SpreadOf(segment, inputs, alone, reference));
    layer.expected = std::sqrt(*layer.floor * *layer.floor + spread * spread);
    Decide(layer);
    return OkStatus();
  }

  // rel_l2 between the layer as it is and as it might have been rounded.
  Result<double> SpreadOf(const Segment& segment,
                          const std::map<uint32_t, Values>& inputs,
                          const Values& alone,
                          const Values& reference) const {
    const size_t draws = std::clamp<size_t>(kWantedSamples / reference.size(), 1, kMaxDraws);
    double energy = 0;
    for (size_t draw = 0; draw < draws; ++draw) {
      const uint64_t seed = uint64_t{draw} << 32U;
      std::map<uint32_t, Values> rounded;
      for (const auto& [tensor, values] : inputs) {
        rounded[tensor] = RoundedByChance(network_.tensors[tensor], values, seed + tensor);
      }
      PLUMB_ASSIGN_OR_RETURN(const Values again, RunOn(segment, rounded, seed + segment.output));
      const double spread = RelativeL2(again, alone, reference);
      energy += spread * spread;
    }
    return std::sqrt(energy / static_cast<double>(draws));
  }

  Result<Values> RunOn(const Segment& segment,
                       const std::map<uint32_t, Values>& inputs,
                       std::optional<uint64_t> chance) const {
    Values result;
    PLUMB_RETURN_IF_ERROR(problem_.runner->Run(
        segment.layers,
        [&](uint32_t tensor) -> Result<Values> { return inputs.at(tensor); },
        [&](uint32_t tensor, std::span<const float> values) {
          if (tensor == segment.output) {
            result.assign(values.begin(), values.end());
          }
          return OkStatus();
        },
        chance));
    return result;
  }

  static void Decide(LayerBlame& layer) {
    const double error = layer.local->relative_l2.value_or(0);
    if (error >= kBrokenError && error >= kBrokenFactor * *layer.expected) {
      layer.blame = Blame::kBroken;
    } else if (!layer.local->within) {
      layer.blame = Blame::kCoarse;
    } else {
      layer.blame =
          layer.cumulative && !layer.cumulative->within ? Blame::kInherited : Blame::kNone;
    }
  }

  const BlameProblem& problem_;
  const Network& network_;
};

}  // namespace

std::string_view BlameName(Blame blame) {
  switch (blame) {
    case Blame::kNone:
      return "none";
    case Blame::kInherited:
      return "inherited";
    case Blame::kCoarse:
      return "coarse";
    case Blame::kBroken:
      return "broken";
    case Blame::kUnknown:
      break;
  }
  return "unknown";
}

Result<std::vector<LayerBlame>> IsolateLayers(const BlameProblem& problem) {
  return Isolation(problem).Run();
}

}  // namespace plumb::blame
