// Which build of the virtual IPU stands in for a chip.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"

namespace plumb::agent {

struct VirtualLibrary {
  std::string file;        // "libmi_ipu_virtual.so"
  std::string generation;  // "generation C", for people
  std::string abi;         // what the runner is told: both lengths of B look alike from outside
};

// `abi` as --abi takes it; empty: the generation that chips of the family have (1.x and Q: B with
// 61 tensors; S1 to S6: C). kInvalidArgument for another word.
Result<VirtualLibrary> VirtualLibraryFor(std::string_view family, std::string_view abi);

}  // namespace plumb::agent
