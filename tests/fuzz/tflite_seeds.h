// Seeds of fuzz_tflite.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/buffer.h"

namespace plumb::fuzz {

// Small sound networks by name, float and int8, one for each kind of option.
std::vector<std::pair<std::string, Buffer>> TfliteSeeds();

}  // namespace plumb::fuzz
