// Seeds that need protobuf: apart from make_seeds.cc, which builds without it.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace plumb::fuzz {

// Name and bytes of the seeds of fuzz_wire.
std::vector<std::pair<std::string, std::string>> WireSeeds();

}  // namespace plumb::fuzz
