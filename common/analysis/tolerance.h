// When a difference is still a match. Equality unless limits are given; given limits replace
// equality and must all hold (docs/cli.md, "Tolerance").
#pragma once

#include <map>
#include <optional>
#include <string>

namespace plumb::analysis {

// The limits for one tensor. `atol` and `rtol` are one rule, |t − r| ≤ atol + rtol·|r| for every
// element, where the one not given is 0.
struct Tolerance {
  std::optional<double> atol;
  std::optional<double> rtol;
  std::optional<double> min_cosine;
  std::optional<double> max_relative_l1;

  [[nodiscard]] bool demands_equality() const {
    return !elementwise() && !min_cosine && !max_relative_l1;
  }

  [[nodiscard]] bool elementwise() const { return atol || rtol; }

  friend bool operator==(const Tolerance&, const Tolerance&) = default;
};

// A default and exceptions by tensor name. An exception replaces the default whole.
struct TolerancePolicy {
  Tolerance by_default;
  std::map<std::string, Tolerance> by_tensor;

  [[nodiscard]] const Tolerance& For(const std::string& tensor) const {
    const auto found = by_tensor.find(tensor);
    return found == by_tensor.end() ? by_default : found->second;
  }
};

}  // namespace plumb::analysis
