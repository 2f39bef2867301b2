// "Did you mean": the known word nearest to what was typed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plumb {

// The candidate with the fewest edits (a swap of neighbours is one), when that is at most a third
// of the longer word (at least 1); the first of equals. Empty when nothing is that near.
std::optional<std::string> ClosestOf(std::string_view typed,
                                     const std::vector<std::string>& candidates);

}  // namespace plumb
