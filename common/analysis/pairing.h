// Which tensor of the reference is compared with which of the target.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "common/analysis/report.h"

namespace plumb::analysis {

struct Pairing {
  std::vector<std::pair<size_t, size_t>> pairs;  // indexes; in the target's order
  Coverage coverage;
};

// By name. Of several tensors with one name on a side only the first is compared; the name is then
// a duplicate. Two single tensors are a pair whatever their names.
Pairing PairByName(const std::vector<std::string>& reference,
                   const std::vector<std::string>& target);

// First with first and so on, for outputs of one model; what is left over is missing.
Pairing PairByIndex(const std::vector<std::string>& reference,
                    const std::vector<std::string>& target);

}  // namespace plumb::analysis
