// What the subcommands' documents say, in a sentence.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace plumb::client {

// "215 of 215 layers, the worst rel_l1 4.8e-06 at conv2d_53.tmp_0".
std::string WorstLayer(const nlohmann::ordered_json& comparison);

// The network's outputs among the compared layers: the rows of `outputs`, or the last one when no
// name is found (the vendor's tools rename).
struct OutputJudgement {
  size_t compared = 0;
  size_t out_of_bounds = 0;
  size_t inner_out_of_bounds = 0;  // layers that are no outputs
  std::string worst;               // "softmax_0.tmp_0: cosine 0.993446, rel_l1 0.153712"
};

OutputJudgement JudgeOutputs(const nlohmann::ordered_json& layers,
                             const std::vector<std::string>& outputs);

// The causes that a run's diagnosis names, the most likely first: "rounding_profile (…evidence…)".
std::vector<std::string> Causes(const nlohmann::ordered_json& run);
// What its rules and its diagnosis advise, each with the first of what it rests on.
std::vector<std::string> Advice(const nlohmann::ordered_json& document);

// What a failed subcommand says: its error's message and hint, or what it printed.
std::string ErrorIn(const nlohmann::ordered_json& document, const std::string& printed);

// A string below `keys`, or "".
std::string TextAt(const nlohmann::ordered_json& document, const std::vector<std::string>& keys);

}  // namespace plumb::client
