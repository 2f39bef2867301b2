// What goes into a bundle, before anything is written.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/npu/model/model.h"

#include <nlohmann/json_fwd.hpp>

namespace plumb::client {

// Names of layers as the dumps write them.
struct CulpritLayers {
  std::vector<std::string> culprits;  // the first out of bounds, the worst, and those asked for
  std::set<std::string> reference;    // they and their inputs, under the reference's names
  std::set<std::string> target;
  bool inputs_guessed = false;  // no fixed model said which they are: the layers before
};

// From the document of `plumb layers`. `asked`: names of further layers; those that no layer has go
// to `unknown`. `model` (may be null) tells the inputs of each layer.
CulpritLayers FindCulprits(const nlohmann::ordered_json& layers,
                           const std::vector<std::string>& asked,
                           const npu::FixedModel* model,
                           std::vector<std::string>& unknown);

}  // namespace plumb::client
