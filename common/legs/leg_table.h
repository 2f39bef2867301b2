// The same network on the same input in up to five ways, layer by layer in one table
// (docs/live-legs.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/analysis/report.h"
#include "common/tensor/shape.h"

namespace plumb::legs {

// In the order in which a network travels to its board.
enum class Stage { kFramework, kFloat, kFixed, kSimulator, kBoard };

constexpr size_t kStages = 5;

// "framework", "float", "fixed", "simulator", "board".
std::string_view StageName(Stage stage);
std::optional<Stage> ParseStage(std::string_view name);

// Fixed, simulator and board compute with the same frozen integers and must agree bit for bit.
bool IsInteger(Stage stage);

enum class CellState {
  kReference,  // the leg that the others are measured against
  kCompared,
  kFused,      // the leg computes it within another layer
  kMissing,    // it should have been there
  kUnmatched,  // the leg has it and the reference has not
};

// "reference", "compared", "fused", "missing", "unmatched".
std::string_view CellStateName(CellState state);

// One layer of one leg.
struct Cell {
  CellState state = CellState::kMissing;
  // Against the reference; of kCompared alone.
  analysis::Verdict verdict = analysis::Verdict::kNotCompared;
  std::optional<double> cosine;
  std::optional<double> relative_l1;
  std::optional<double> max_abs_error;
  std::string rule;  // what a mismatch breaks
  std::string reason;
  // Against the leg before, where both are in integers and have the layer.
  std::optional<bool> equal;
  uint64_t different = 0;           // elements
  uint64_t count = 0;               // of so many
  std::optional<double> max_steps;  // the largest difference in steps of the tensor's scale
};

struct Row {
  std::string name;  // the reference's; of a layer that it does not have the first leg's that does
  std::string op;
  Shape shape;
  std::vector<Cell> cells;  // one per leg
};

struct LegSummary {
  Stage stage = Stage::kFloat;
  size_t layers = 0;
  analysis::Coverage coverage;        // against the reference
  std::vector<std::string> warnings;  // of the matching
  size_t out_of_bounds = 0;           // layers
  size_t unequal = 0;                 // layers that differ from the leg before, where none may
};

// Between two legs that ran one after the other. The first row where
//   two legs in integers are not equal bit for bit, or
//   the second one is out of bounds and the first one is not.
struct Gap {
  size_t from = 0;  // indexes into the legs
  size_t to = 0;
  size_t row = 0;
  bool exact = false;    // equality is what was demanded
  size_t layers = 0;     // how many rows are open there
  std::string evidence;  // a clause: "3 of 96 elements differ, …"
};

struct LegTable {
  std::vector<LegSummary> legs;  // in the order of the stages; the first is the reference
  std::vector<Row> rows;         // the reference's order of execution, then what it does not have
  std::vector<Gap> gaps;         // in the order of the legs: the first is where accuracy goes first
};

}  // namespace plumb::legs
