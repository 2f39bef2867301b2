// Names of TFLite's builtin operators, also of those that are not supported.
#pragma once

#include <string>

#include "common/npu/import/tflite/schema.h"

namespace plumb::npu::tflite {

// "CONV_2D"; "builtin operator 200" for a number without a name here.
std::string BuiltinName(Builtin code);

}  // namespace plumb::npu::tflite
