// Seeds of fuzz_prototxt and fuzz_caffemodel, and the other file each of them reads with.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/buffer.h"

namespace plumb::fuzz {

// Small sound networks by name, one for each part of the importer; all of them find their weights
// in CaffeWeightsFile().
std::vector<std::pair<std::string, std::string>> PrototxtSeeds();
Buffer CaffeWeightsFile();

// A network that reads every weight there is, and caffemodels for it.
Buffer CaffeNetFile();
std::vector<std::pair<std::string, Buffer>> CaffemodelSeeds();

}  // namespace plumb::fuzz
