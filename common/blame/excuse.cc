#include "common/blame/excuse.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "common/base/text.h"
#include "common/blame/quantised_values.h"

namespace plumb::blame {
namespace {

using Values = std::vector<float>;

class Trial {
 public:
  explicit Trial(const BlameProblem& problem)
      : problem_(problem),
        network_(problem.runner->network()) {
    for (const NetworkLayer& layer : network_.layers) {
      outputs_of_layers_.insert(layer.output);
    }
    for (const NetworkLayer& layer : network_.layers) {
      if (!std::all_of(layer.inputs.begin(), layer.inputs.end(), [this](uint32_t input) {
            return outputs_of_layers_.contains(input) || problem_.reference.known[input];
          })) {
        seeds_.insert(layer.output);
      }
    }
  }

  Result<Excuses> Run(std::span<const LayerBlame> layers) {
    Excuses result;
    result.impossible = Obstacle();
    if (!result.impossible.empty()) {
      return result;
    }
    PLUMB_ASSIGN_OR_RETURN(result.before, RunWithout({}, &result));
    result.within = Within(result.before);
    std::set<uint32_t> excused;
    for (const LayerBlame& layer : layers) {
      if (!IsBlamed(layer.blame) || excused.size() == kMaxExcused) {
        continue;
      }
      excused.insert(layer.tensor);
      Excused culprit;
      culprit.tensor = layer.tensor;
      PLUMB_ASSIGN_OR_RETURN(culprit.outputs, RunWithout(excused, nullptr));
      culprit.within = Within(culprit.outputs);
      result.culprits.push_back(std::move(culprit));
    }
    return result;
  }

 private:
  static bool Within(const std::vector<OutputError>& outputs) {
    return std::all_of(outputs.begin(), outputs.end(), [](const OutputError& output) {
      return output.error.within;
    });
  }

  [[nodiscard]] std::string NameOf(uint32_t tensor) const {
    return EscapeForDisplay(network_.tensors[tensor].name);
  }

  [[nodiscard]] std::string Obstacle() const {
    if (std::none_of(network_.outputs.begin(), network_.outputs.end(), [this](uint32_t output) {
          return problem_.reference.known[output];
        })) {
      return "the reference has none of the network's outputs";
    }
    for (const uint32_t seed : seeds_) {
      if (!problem_.target.known[seed]) {
        return "the network's input was not given, and the target does not have '" + NameOf(seed) +
               "', which is made of it";
      }
    }
    return "";
  }

  // `check`: counts what differs from the target.
  Result<std::vector<OutputError>> RunWithout(const std::set<uint32_t>& excused, Excuses* check) {
    if (problem_.progress) {
      problem_.progress(excused.empty() ? "the network"
                                        : std::to_string(excused.size()) + " excused");
    }
    std::vector<uint32_t> layers;
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      const uint32_t output = network_.layers[i].output;
      if (!seeds_.contains(output) && !excused.contains(output)) {
        layers.push_back(static_cast<uint32_t>(i));
      }
    }
    const auto given = [&](uint32_t tensor) {
      const bool right = excused.contains(tensor) || !seeds_.contains(tensor);
      return (right ? problem_.reference : problem_.target).values(tensor);
    };
    std::vector<OutputError> errors;
    const auto sink = [&](uint32_t tensor, std::span<const float> values) -> Status {
      if (check != nullptr) {
        PLUMB_RETURN_IF_ERROR(CompareWithTarget(tensor, values, *check));
      }
      return TakeOutput(tensor, values, errors);
    };
    PLUMB_RETURN_IF_ERROR(problem_.runner->Run(layers, given, sink, std::nullopt));
    PLUMB_RETURN_IF_ERROR(TakeGivenOutputs(excused, errors));
    return errors;
  }

  // Outputs that no layer of the run computed.
  Status TakeGivenOutputs(const std::set<uint32_t>& excused,
                          std::vector<OutputError>& errors) const {
    for (const uint32_t output : network_.outputs) {
      if (excused.contains(output)) {
        PLUMB_ASSIGN_OR_RETURN(const Values reference, problem_.reference.values(output));
        PLUMB_RETURN_IF_ERROR(
            TakeOutput(output, Rounded(network_.tensors[output], reference), errors));
      } else if (seeds_.contains(output) && problem_.cumulative[output]) {
        errors.push_back({output, *problem_.cumulative[output]});
      }
    }
    return OkStatus();
  }

  Status TakeOutput(uint32_t tensor,
                    std::span<const float> values,
                    std::vector<OutputError>& errors) const {
    const bool is_output = std::find(network_.outputs.begin(), network_.outputs.end(), tensor) !=
                           network_.outputs.end();
    if (!is_output || !problem_.reference.known[tensor]) {
      return OkStatus();
    }
    const std::string& name = network_.tensors[tensor].name;
    PLUMB_ASSIGN_OR_RETURN(const Values reference, problem_.reference.values(tensor));
    PLUMB_ASSIGN_OR_RETURN(LayerError error,
                           ErrorOf(name, reference, values, problem_.policy.For(name)));
    errors.push_back({tensor, std::move(error)});
    return OkStatus();
  }

  Status CompareWithTarget(uint32_t tensor, std::span<const float> values, Excuses& check) const {
    if (!problem_.target.known[tensor]) {
      return OkStatus();
    }
    PLUMB_ASSIGN_OR_RETURN(const Values target, problem_.target.values(tensor));
    const double half_step = network_.tensors[tensor].scale / 2;
    bool same = target.size() == values.size();
    for (size_t i = 0; same && i < values.size(); ++i) {
      same = std::abs(static_cast<double>(target[i]) - static_cast<double>(values[i])) <= half_step;
    }
    ++check.compared;
    if (!same && check.unlike++ == 0) {
      check.first_unlike = tensor;
    }
    return OkStatus();
  }

  const BlameProblem& problem_;
  const Network& network_;
  std::set<uint32_t> outputs_of_layers_;
  std::set<uint32_t> seeds_;  // made of inputs that nobody knows
};

}  // namespace

Result<Excuses> ExcuseOneByOne(const BlameProblem& problem, std::span<const LayerBlame> layers) {
  return Trial(problem).Run(layers);
}

}  // namespace plumb::blame
