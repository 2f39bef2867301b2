#include "common/archive/tolerance_json.h"

#include <limits>

#include "common/archive/json_reader.h"

namespace plumb::archive {
namespace {

using analysis::Tolerance;

struct Limit {
  std::string_view key;
  std::optional<double> Tolerance::*member;
  double lowest;
  double highest;
  std::string_view must_be;
};

constexpr double kHuge = std::numeric_limits<double>::max();
constexpr Limit kLimits[] = {
    {"atol", &Tolerance::atol, 0, kHuge, "a number of at least 0"},
    {"rtol", &Tolerance::rtol, 0, kHuge, "a number of at least 0"},
    {"min_cosine", &Tolerance::min_cosine, -1, 1, "a number from -1 to 1"},
    {"max_rel_l1", &Tolerance::max_relative_l1, 0, kHuge, "a number of at least 0"},
};

const Limit* FindLimit(std::string_view key) {
  for (const auto& limit : kLimits) {
    if (limit.key == key) {
      return &limit;
    }
  }
  return nullptr;
}

Result<Tolerance> ParseTolerance(const JsonReader& json) {
  Tolerance tolerance;
  for (const auto& key : json.Keys()) {
    const Limit* limit = FindLimit(key);
    if (limit == nullptr) {
      return json.Wrong(key, "one of atol, rtol, min_cosine, max_rel_l1");
    }
    PLUMB_ASSIGN_OR_RETURN(const double value, json.Number(key));
    if (value < limit->lowest || value > limit->highest) {
      return json.Wrong(key, limit->must_be);
    }
    tolerance.*(limit->member) = value;
  }
  return tolerance;
}

}  // namespace

Result<analysis::TolerancePolicy> ParseTolerancePolicy(std::string_view text) {
  PLUMB_ASSIGN_OR_RETURN(const auto json, JsonReader::Parse(text));
  for (const auto& key : json.Keys()) {
    if (key != "default" && key != "tensors") {
      return json.Wrong(key, "one of default, tensors");
    }
  }
  analysis::TolerancePolicy policy;
  if (json.Has("default")) {
    PLUMB_ASSIGN_OR_RETURN(const auto by_default, json.Object("default"));
    PLUMB_ASSIGN_OR_RETURN(policy.by_default, ParseTolerance(by_default));
  }
  if (json.Has("tensors")) {
    PLUMB_ASSIGN_OR_RETURN(const auto tensors, json.Object("tensors"));
    for (const auto& name : tensors.Keys()) {
      PLUMB_ASSIGN_OR_RETURN(const auto limits, tensors.Object(name));
      PLUMB_ASSIGN_OR_RETURN(policy.by_tensor[name], ParseTolerance(limits));
    }
  }
  return policy;
}

}  // namespace plumb::archive
