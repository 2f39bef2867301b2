// Internal to fixed_runner.h: one operation of a fixed model as a model of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "common/npu/model/model.h"

namespace plumb::blame {

// Its inputs are `inputs`, which the operation reads, in their order; its output is the
// operation's. With `chance` the weights and constant operands are rounded otherwise
// (subgraph_runner.h); they stay within their types.
std::shared_ptr<const npu::FixedModel> ModelOfLayer(const npu::FixedModel& model,
                                                    const npu::FixedOp& op,
                                                    std::span<const uint32_t> inputs,
                                                    std::optional<uint64_t> chance);

}  // namespace plumb::blame
