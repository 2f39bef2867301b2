// The models' half of inspection.h.
#pragma once

#include "client/cli/network/inspection.h"
#include "common/npu/graph/graph.h"
#include "common/npu/import/import.h"
#include "common/npu/model/model.h"

namespace plumb::client {

// Inputs, outputs, layers and constants of a network; ranges of constants and of what has
// its own quantisation.
Inspection InspectGraph(const npu::Graph& graph, npu::NetworkFormat format);

// The tensors with the range that their integers express, and for an offline model its buffers.
Inspection InspectFixedModel(const npu::FixedModel& model);

}  // namespace plumb::client
