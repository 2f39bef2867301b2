// TensorDesc to and from its record in the ring protocol.
#pragma once

#include <vector>

#include "common/base/status.h"
#include "common/ring/protocol.h"
#include "common/tensor/tensor_desc.h"

namespace plumb {

// Checks everything the other process may have got wrong; kInvalidArgument names the field. A
// tensor without a name gets "input 0", "output 3" ….
Result<TensorDesc> FromTensorRecord(const ring::TensorRecord& record);

// Of a model as a whole: at least one, together at most kMaxModelOutputBytes.
Status CheckOutputs(const std::vector<TensorDesc>& outputs);

// `desc` must have passed ValidRegionOf; kInvalidArgument when the board's interface has no such
// element format. Role and index are left 0.
Result<ring::TensorRecord> ToTensorRecord(const TensorDesc& desc);

}  // namespace plumb
