// Which input files a model takes: payload ≤ size ≤ aligned size, the rest filled with zeros.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/status.h"
#include "common/tensor/tensor_desc.h"

namespace plumb {

// Bytes an input needs at least: the payload the runtime reported, or what the shape and the
// element format make: a picture's layout that fills the buffer, else rows at their stride.
uint64_t InputPayload(const TensorDesc& desc);

// OK, or kInvalidArgument with kReasonInputRefused: the sizes of this model and of every family,
// and the likely cause (input_sizes.h). `label` names the file in the message.
Status CheckInputSize(const TensorDesc& desc, uint64_t size, const std::string& label);

}  // namespace plumb
