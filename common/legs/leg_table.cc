#include "common/legs/leg_table.h"

#include <array>

namespace plumb::legs {
namespace {

constexpr std::array<std::string_view, kStages> kStageNames = {
    "framework", "float", "fixed", "simulator", "board"};
constexpr std::array<std::string_view, 5> kStateNames = {
    "reference", "compared", "fused", "missing", "unmatched"};

}  // namespace

std::string_view StageName(Stage stage) {
  return kStageNames.at(static_cast<size_t>(stage));
}

std::optional<Stage> ParseStage(std::string_view name) {
  for (size_t i = 0; i < kStageNames.size(); ++i) {
    if (kStageNames.at(i) == name) {
      return static_cast<Stage>(i);
    }
  }
  return std::nullopt;
}

bool IsInteger(Stage stage) {
  return stage >= Stage::kFixed;
}

std::string_view CellStateName(CellState state) {
  return kStateNames.at(static_cast<size_t>(state));
}

}  // namespace plumb::legs
