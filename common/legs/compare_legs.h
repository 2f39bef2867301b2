// Legs that ran, wherever their layers lie, as one table.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/layers/compare.h"
#include "common/layers/fusion_map.h"
#include "common/layers/layer_set.h"
#include "common/legs/leg_table.h"

namespace plumb::legs {

struct Leg {
  Stage stage = Stage::kFloat;
  layers::LayerSet layers;
  layers::FusionMap fused;              // what of the float network's layers it no longer has
  std::map<std::string, double> steps;  // scale of its integer tensors, by name
};

// Every leg against the first, and of two neighbours in integers the second against the first for
// equality. `options`: its policy judges the former. Layers are matched as layers::MatchLayers
// does. Memory: as layers::CompareLayers, and the table. kInvalidArgument for fewer than two legs
// or stages out of order; fails with the first error of a source, or cancel's.
Result<LegTable> CompareLegs(const std::vector<Leg>& legs, const layers::CompareOptions& options);

}  // namespace plumb::legs
