// Between which legs, and at which layer, a network stops computing the same.
#pragma once

#include <vector>

#include "common/legs/leg_table.h"

namespace plumb::legs {

// The gaps of a table whose rows are filled in, with their evidence; at most one for each two
// neighbouring legs. A layer that the first of two legs does not show counts as within bounds
// there. Pure.
std::vector<Gap> FindGaps(const LegTable& table);

}  // namespace plumb::legs
