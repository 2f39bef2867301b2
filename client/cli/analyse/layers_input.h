// The two sides of a comparison layer by layer, from whatever the command line names.
#pragma once

#include <string>

#include "common/analysis/report.h"
#include "common/base/status.h"
#include "common/layers/fusion_map.h"
#include "common/layers/layer_set.h"

namespace plumb::client {

// Whether the file begins like a DumpDebug file; false for what cannot be opened.
bool IsDumpFile(const std::string& path);

// A DumpDebug file of any size is indexed, nothing of it is held; everything else is loaded as
// `plumb compare` loads it, folders of .npy files in natural order. Errors carry reason "usage".
Result<layers::LayerSet> OpenLayers(const std::string& path, analysis::Role role);

// `--map`, else F.map beside the target's dump F.bin, else the reference's; empty where none is.
// `found` names the file that was read.
Result<layers::FusionMap> FusionMapFor(const std::string& asked,
                                       const std::string& reference,
                                       const std::string& target,
                                       std::string& found);

}  // namespace plumb::client
