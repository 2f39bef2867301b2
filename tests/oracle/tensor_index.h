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
      const std::string index = std::to_string(tensor.index);
      // What the importer makes of a name that is too long, unsafe or taken by an earlier tensor.
      const std::string cut = tensor.name.substr(0, 200);
      Insert(tensor.name, tensor);
      Insert(cut, tensor);
      Insert(std::string(cut).append("#").append(index), tensor);
      Insert("tensor_" + index, tensor);
    }
  }

  // Null when the oracle does not show it.
  [[nodiscard]] const OracleTensor* Find(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }

 private:
  void Insert(const std::string& name, const OracleTensor& tensor) {
    const OracleTensor*& entry = by_name_[name];
    if (entry == nullptr || tensor.index < entry->index) {
      entry = &tensor;
    }
  }

  std::map<std::string, const OracleTensor*> by_name_;
};

}  // namespace plumb::testing
