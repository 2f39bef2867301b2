// All of one layer's values at once, for those who compute with them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/layers/layer_set.h"

namespace plumb::layers {

// Real values without padding, in the order in which they lie. kResourceExhausted above
// kMaxHeldValues; errors of the source.
constexpr uint64_t kMaxHeldValues = uint64_t{1} << 28U;
Result<std::vector<float>> ReadLayer(const Layer& layer);

// Of each of `outer` blocks of rows × columns values the rows become columns.
std::vector<float> TurnBlocks(std::span<const float> values,
                              uint64_t outer,
                              uint64_t rows,
                              uint64_t columns);

}  // namespace plumb::layers
