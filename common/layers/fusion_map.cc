#include "common/layers/fusion_map.h"

#include <set>

#include "common/base/suggest.h"
#include "common/base/text.h"

namespace plumb::layers {
namespace {

constexpr std::string_view kFirstLine = "plumb-fusion-map 1";

class Parser {
 public:
  Status Take(std::string_view line) {
    if (Trim(line).empty() || line.starts_with('#')) {
      return OkStatus();
    }
    const size_t space = line.find(' ');
    const std::string_view keyword = line.substr(0, space);
    const std::string name(space == std::string_view::npos ? "" : line.substr(space + 1));
    if (keyword != "target" && keyword != "equals" && keyword != "fused") {
      const auto nearest = ClosestOf(keyword, {"target", "equals", "fused"});
      return InvalidArgumentError("'" + EscapeForDisplay(keyword) + "' is no keyword")
          .WithHint(nearest ? "write '" + *nearest + " NAME'"
                            : "write 'target NAME', 'equals NAME' or 'fused NAME'");
    }
    if (!IsSafeName(name)) {
      return InvalidArgumentError("'" + EscapeForDisplay(name) + "' is no usable name");
    }
    if (++names_ > kMaxMappedNames) {
      return InvalidArgumentError("more than " + std::to_string(kMaxMappedNames) + " names");
    }
    return keyword == "target" ? Target(name) : keyword == "equals" ? Equals(name) : Fused(name);
  }

  Status Finish() {
    if (!map_.groups.empty() && !complete_ && !has_equals_) {
      return InvalidArgumentError("the last group names no tensor after its 'target' lines");
    }
    return OkStatus();
  }

  FusionMap& map() { return map_; }

 private:
  // A target line after others of its group begins the next one.
  Status Target(const std::string& name) {
    if (map_.groups.empty() || complete_) {
      map_.groups.emplace_back();
      complete_ = false;
      has_equals_ = false;
    }
    if (!targets_.insert(name).second) {
      return InvalidArgumentError("'" + EscapeForDisplay(name) + "' is a target twice");
    }
    map_.groups.back().targets.push_back(name);
    after_target_ = true;
    return OkStatus();
  }

  Status Equals(const std::string& name) {
    if (!after_target_) {
      return InvalidArgumentError("'equals' follows the 'target' line it belongs to");
    }
    map_.groups.back().equal_to.emplace_back(map_.groups.back().targets.back(), name);
    after_target_ = false;
    has_equals_ = true;
    return Claim(name);
  }

  Status Fused(const std::string& name) {
    if (map_.groups.empty()) {
      return InvalidArgumentError("'fused' comes before any 'target'");
    }
    map_.groups.back().fused.push_back(name);
    complete_ = true;
    after_target_ = false;
    return Claim(name);
  }

  Status Claim(const std::string& name) {
    if (!claimed_.insert(name).second) {
      return InvalidArgumentError("'" + EscapeForDisplay(name) + "' is mapped twice");
    }
    return OkStatus();
  }

  FusionMap map_;
  std::set<std::string> targets_;
  std::set<std::string> claimed_;  // of the reference
  size_t names_ = 0;
  bool complete_ = false;      // the open group has a fused line
  bool after_target_ = false;  // the last line was a target line
  bool has_equals_ = false;    // the open group renames a tensor, which is enough of a group
};

}  // namespace

Result<FusionMap> ParseFusionMap(std::string_view text) {
  Parser parser;
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    const std::string place = "fusion map, line " + std::to_string(++number);
    if (number == 1) {
      if (line != kFirstLine) {
        return InvalidArgumentError(place + ": it is '" + EscapeForDisplay(line.substr(0, 80)) +
                                    "'")
            .WithHint("a fusion map begins with the line '" + std::string(kFirstLine) + "'");
      }
      continue;
    }
    PLUMB_RETURN_IF_ERROR(parser.Take(line).Annotate(place));
  }
  if (number == 0) {
    return InvalidArgumentError("fusion map, line 1: the file is empty")
        .WithHint("a fusion map begins with the line '" + std::string(kFirstLine) + "'");
  }
  PLUMB_RETURN_IF_ERROR(parser.Finish().Annotate("fusion map, line " + std::to_string(number)));
  return std::move(parser.map());
}

Result<std::string> FormatFusionMap(const FusionMap& map) {
  std::string text = std::string(kFirstLine) + "\n";
  const auto add = [&text](std::string_view keyword, const std::string& name) {
    text += std::string(keyword) + " " + name + "\n";
    return IsSafeName(name) ? OkStatus()
                            : InvalidArgumentError("a fusion map cannot hold the name '" +
                                                   EscapeForDisplay(name) + "'");
  };
  for (const FusedGroup& group : map.groups) {
    for (const std::string& target : group.targets) {
      PLUMB_RETURN_IF_ERROR(add("target", target));
      for (const auto& [of, reference] : group.equal_to) {
        if (of == target) {
          PLUMB_RETURN_IF_ERROR(add("equals", reference));
        }
      }
    }
    for (const std::string& name : group.fused) {
      PLUMB_RETURN_IF_ERROR(add("fused", name));
    }
  }
  return text;
}

}  // namespace plumb::layers
