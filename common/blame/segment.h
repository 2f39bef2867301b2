// The smallest part of a network between tensors that the reference knows.
#pragma once

#include <cstdint>
#include <vector>

#include "common/blame/subgraph_runner.h"

namespace plumb::blame {

struct Segment {
  uint32_t output = 0;
  std::vector<uint32_t> layers;  // ascending; the last one computes the output
  std::vector<uint32_t> inputs;  // ascending; known tensors and inputs of the network
};

// One for each output of a layer that is known, in the order of the layers. `known`: by tensor.
std::vector<Segment> SegmentsOf(const Network& network, const std::vector<bool>& known);

}  // namespace plumb::blame
