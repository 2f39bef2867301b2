// Which fields the messages of a prototxt may have: a misspelt one must not be passed over.
#pragma once

#include <string_view>

#include "common/base/status.h"
#include "common/npu/import/caffe/text.h"

namespace plumb::npu::caffe {

// Checks every field's name against the message type (one of those of CheckFields' table, e.g.
// "NetParameter", "LayerParameter", "convolution_param"); a message outside the table passes.
// kInvalidArgument names the line, the field and the nearest known one.
Status CheckFields(std::string_view type, const TextMessage& message);

// The current name of a layer type in the old format, where types are enumerators: "Convolution"
// of "CONVOLUTION"; empty for none.
std::string_view TypeOfOldName(std::string_view enumerator);

}  // namespace plumb::npu::caffe
