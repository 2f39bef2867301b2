// Which layers of the float network a fixed model no longer shows, and where they went.
#pragma once

#include "common/npu/graph/graph.h"
#include "common/npu/model/model.h"

namespace plumb::npu {

// Fills `model.fused` with the layers of `original` that `fused` does not compute, in the order of
// their operations: each into the first tensor behind it that `fused` does. `fused` is `original`
// after passes that keep the indices of tensors; `model` was made of it.
void RecordFused(const Graph& original, const Graph& fused, FixedModel& model);

}  // namespace plumb::npu
