// What the tensors of a batch are called where each batch has tensors of its own. C++14.
#pragma once

#include <cstdint>
#include <string>

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace ring {

// "scores" in the first batch, "scores#2" in the second: both runners must agree, names are paired.
inline std::string BatchTensorName(const std::string& name, uint32_t batch) {
  return batch == 0 ? name : name + "#" + std::to_string(batch + 1);
}

}  // namespace ring
}  // namespace plumb
