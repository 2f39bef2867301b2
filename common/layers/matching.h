// Which layer of the reference is compared with which of the target.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/analysis/report.h"
#include "common/layers/fusion_map.h"
#include "common/layers/layer_set.h"

namespace plumb::layers {

enum class MatchedBy { kName, kVendorName, kMap, kPosition };

// "name", "vendor_name", "map", "position".
std::string_view MatchedByName(MatchedBy how);

struct LayerPair {
  size_t reference = 0;  // indexes into the two sets
  size_t target = 0;
  MatchedBy how = MatchedBy::kName;
};

struct Matching {
  std::vector<LayerPair> pairs;  // in the target's order
  analysis::Coverage coverage;
  std::vector<std::string> warnings;
};

// In this order, each for what the one before left over:
//   1. equal names; of several with one name the first with the first and so on, where both sides
//      have as many, otherwise only the first, and the name is a duplicate
//   2. names that the vendor's script makes equal, where each is the only one of its side
//   3. the map's 'equals'; the reference's tensors that the map calls fused are set aside as such,
//      where the target has what they were fused into
//   4. equal shapes (or the same as NCHW and NHWC) in order between two pairs found before, with a
//      warning: names say nothing then. Only where both sides have tensors left there
// What remains is missing, by name. Constants are the reference's.
Matching MatchLayers(const LayerSet& reference, const LayerSet& target, const FusionMap& map);

}  // namespace plumb::layers
