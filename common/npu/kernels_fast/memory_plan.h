// Where each tensor lives: tensors whose lives do not overlap share memory.
#pragma once

#include <cstddef>
#include <vector>

#include "common/npu/model/model.h"

namespace plumb::npu::fast {

struct MemoryPlan {
  std::vector<size_t> offset;  // per tensor, in int16 elements, 64-byte aligned
  size_t size = 0;             // of the whole arena, in int16 elements
};

// Inputs live from the start, outputs and constants to the end, the rest from the operation that
// writes them to the last that reads them. `model` has been validated.
MemoryPlan PlanMemory(const FixedModel& model);

}  // namespace plumb::npu::fast
