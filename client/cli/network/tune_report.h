// What `plumb tune` found, for people and as plumb.tune/1.
#pragma once

#include <string>
#include <vector>

#include "client/cli/frame/console.h"
#include "common/tune/minimal_set.h"
#include "common/tune/network_judge.h"

namespace plumb::client {

struct TuneReport {
  std::vector<tune::Candidate> candidates;
  tune::MinimalSet found;
  // With nothing raised, and with what was found (everything, where not even that suffices).
  std::vector<tune::TensorError> outputs_before;
  std::vector<tune::TensorError> outputs_after;
  std::vector<tune::TensorError> layers_before;  // for the JSON
  std::vector<tune::TensorError> layers_after;
  std::string config;  // the input_config.ini with its [CONV_CONFIG]
};

void PrintTune(const TuneReport& report, Console& console);
std::string TuneJson(const TuneReport& report);

}  // namespace plumb::client
