// Of the oracle's tensors, by our name for them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/oracle/oracle_run.h"

namespace plumb::testing {

// Borrows what it is given.
class TensorIndex {
 public:
  void Add(const std::vector<OracleTensor>& tensors) {
    for (const OracleTensor& tensor : tensors) {
      by_name_.emplace(tensor.name, &tensor);
      // What the importer makes of a name that is too long or unsafe.
      by_name_.emplace(tensor.name.substr(0, 200), &tensor);
      by_name_.emplace("tensor_" + std::to_string(tensor.index), &tensor);
    }
  }

  // Null when the oracle does not show it.
  [[nodiscard]] const OracleTensor* Find(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }

 private:
  std::map<std::string, const OracleTensor*> by_name_;
};

}  // namespace plumb::testing
