// Both kernel sets on one model, bit by bit.
#pragma once

#include <cstdint>
#include <memory>

#include "common/npu/model/model.h"

namespace plumb::fuzz {

// Multiply-adds and element visits of one run, at least; saturates.
uint64_t WorkOf(const npu::FixedModel& model);

// Runs a model that ValidateModel accepted with both kernel sets and both rounding profiles on
// inputs drawn from `seed`: every layer's values must agree and lie in their type's range. Also
// through the chip's buffers where there is a chip section. Models of more work than `max_work` are
// left out; false then.
bool RequireAgreement(const std::shared_ptr<const npu::FixedModel>& model,
                      uint64_t seed,
                      uint64_t max_work);

}  // namespace plumb::fuzz
