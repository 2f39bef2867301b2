// A descriptor as recording.json and tensors.json write it (docs/formats/run-archive.md).
#pragma once

#include "common/archive/json_reader.h"
#include "common/base/status.h"
#include "common/tensor/tensor_desc.h"

#include <nlohmann/json_fwd.hpp>

namespace plumb::archive {

// kAll: every key must be there, as our own files have them. kEssential: name, element_type and
// shape must, the others have defaults (a size of 0 then means "what the file has").
enum class DescKeys { kAll, kEssential };

nlohmann::ordered_json DescToJson(const TensorDesc& desc);

// kInvalidArgument names the key. Types, names and numbers are checked, but not whether the rows
// fit the buffer: ValidRegionOf does that.
Result<TensorDesc> DescFromJson(const JsonReader& json, DescKeys keys);

}  // namespace plumb::archive
