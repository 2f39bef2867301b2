// Which tensors of a reference a fused network no longer has (docs/formats/fusion-map.md): text
// beside a dump, written by `plumb dump --stage fixed`, by hand or by a script.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status.h"

namespace plumb::layers {

// One piece of the network that was fused: n tensors in the target, m in the reference.
struct FusedGroup {
  std::vector<std::string> targets;                           // what the fused network computes
  std::vector<std::string> fused;                             // what it no longer has
  std::vector<std::pair<std::string, std::string>> equal_to;  // target, reference of another name

  friend bool operator==(const FusedGroup&, const FusedGroup&) = default;
};

struct FusionMap {
  std::vector<FusedGroup> groups;

  [[nodiscard]] bool empty() const { return groups.empty(); }
};

constexpr size_t kMaxMappedNames = 200'000;

// kInvalidArgument names the line and what is wrong there: another first line, an unknown keyword
// (with the nearest known one), an unusable name, a name that is mapped twice, a group that is not
// whole.
Result<FusionMap> ParseFusionMap(std::string_view text);

// What ParseFusionMap reads. kInvalidArgument for names that a line cannot hold.
Result<std::string> FormatFusionMap(const FusionMap& map);

}  // namespace plumb::layers
