// The tensors of a fixed model, out of two runs that were matched layer by layer.
#pragma once

#include <vector>

#include "common/base/status.h"
#include "common/blame/problem.h"
#include "common/layers/compare.h"
#include "common/layers/layer_set.h"
#include "common/npu/model/model.h"

namespace plumb::blame {

// Fills both sides and the cumulative errors. The model's tensors are the target's layers of the
// same names; the reference's values are laid out as `results` found them. A layer with another
// number of values than its tensor is not known. Values are read when they are asked for; the
// arguments must outlive `problem`.
void TakeLayers(const npu::FixedModel& model,
                const layers::LayerSet& reference,
                const layers::LayerSet& target,
                const std::vector<layers::LayerResult>& results,
                BlameProblem& problem);

}  // namespace plumb::blame
