// The checks that make a FixedModel safe to run, whoever wrote it.
#pragma once

#include <cstdint>

#include "common/base/status.h"
#include "common/npu/model/model.h"

namespace plumb::npu {

constexpr size_t kMaxTensors = 16384;
constexpr size_t kMaxOps = 8192;
constexpr size_t kMaxModelRank = 8;
constexpr uint64_t kMaxTensorElements = uint64_t{1} << 28;
constexpr uint64_t kMaxModelElements = uint64_t{1} << 30;  // of all tensors together

// Checks names, types, shapes, indices, order of execution and every relation that ops.h states,
// including that no accumulator can overflow. Afterwards no operation can read or write outside
// its tensors. kInvalidArgument names the operation or tensor and what is wrong.
Status ValidateModel(const FixedModel& model);

}  // namespace plumb::npu
