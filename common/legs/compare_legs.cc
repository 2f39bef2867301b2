#include "common/legs/compare_legs.h"

#include <cmath>
#include <cstdint>
#include <set>
#include <utility>

#include "common/legs/gap.h"

namespace plumb::legs {
namespace {

using analysis::TensorReport;
using layers::LayerResult;

constexpr size_t kNoRow = SIZE_MAX;

Status CheckOrder(const std::vector<Leg>& legs) {
  if (legs.size() < 2) {
    return InvalidArgumentError("a table of legs needs two of them");
  }
  for (size_t i = 1; i < legs.size(); ++i) {
    if (legs[i].stage <= legs[i - 1].stage) {
      return InvalidArgumentError("the legs are not in the order of their stages");
    }
  }
  return OkStatus();
}

class TableMaker {
 public:
  TableMaker(const std::vector<Leg>& legs, layers::CompareOptions options)
      : legs_(legs),
        options_(std::move(options)),
        row_of_(legs.size()) {
    // The table says where; what happened inside a layer is for a comparison of two legs.
    options_.look_inside = false;
  }

  Result<LegTable> Make() {
    TakeReference();
    for (size_t leg = 1; leg < legs_.size(); ++leg) {
      PLUMB_RETURN_IF_ERROR(AgainstReference(leg));
    }
    for (size_t leg = 1; leg < legs_.size(); ++leg) {
      if (IsInteger(legs_[leg - 1].stage) && IsInteger(legs_[leg].stage)) {
        PLUMB_RETURN_IF_ERROR(AgainstLegBefore(leg));
      }
    }
    table_.gaps = FindGaps(table_);
    return std::move(table_);
  }

 private:
  size_t AddRow(const layers::Layer& layer) {
    Row row;
    row.name = layer.desc.name;
    row.op = layer.op;
    row.shape = layer.desc.shape;
    row.cells.resize(legs_.size());
    table_.rows.push_back(std::move(row));
    return table_.rows.size() - 1;
  }

  void TakeReference() {
    const Leg& reference = legs_.front();
    for (const layers::Layer& layer : reference.layers.layers) {
      row_of_.front().push_back(AddRow(layer));
      table_.rows.back().cells.front().state = CellState::kReference;
    }
    table_.legs.push_back({reference.stage, reference.layers.layers.size(), {}, {}, 0, 0});
    table_.legs.front().coverage.matched = reference.layers.layers.size();
  }

  static void TakeReport(const TensorReport& report, Cell& cell) {
    cell.state = CellState::kCompared;
    cell.verdict = report.verdict;
    cell.cosine = report.cosine;
    cell.relative_l1 = report.relative_l1;
    cell.max_abs_error = report.max_abs_error;
    cell.rule = report.rule;
    cell.reason = report.reason;
    cell.count = report.count;
  }

  Status AgainstReference(size_t leg) {
    const Leg& target = legs_[leg];
    layers::Matching matching =
        layers::MatchLayers(legs_.front().layers, target.layers, target.fused);
    PLUMB_ASSIGN_OR_RETURN(
        const std::vector<LayerResult> results,
        layers::CompareLayers(legs_.front().layers, target.layers, matching, options_));
    LegSummary summary{target.stage, target.layers.layers.size(), {}, {}, 0, 0};
    row_of_[leg].assign(target.layers.layers.size(), kNoRow);
    for (const LayerResult& result : results) {
      const size_t row = row_of_.front()[result.pair.reference];
      row_of_[leg][result.pair.target] = row;
      TakeReport(result.report, table_.rows[row].cells[leg]);
      summary.out_of_bounds += result.report.verdict == analysis::Verdict::kMismatch;
    }
    AddForeignRows(leg);
    MarkFused(leg, matching.coverage.fused);
    summary.coverage = std::move(matching.coverage);
    summary.warnings = std::move(matching.warnings);
    table_.legs.push_back(std::move(summary));
    return OkStatus();
  }

  // Of layers that the reference does not have, one row for all legs that do.
  void AddForeignRows(size_t leg) {
    const std::vector<layers::Layer>& layers = legs_[leg].layers.layers;
    for (size_t i = 0; i < layers.size(); ++i) {
      if (row_of_[leg][i] != kNoRow) {
        continue;
      }
      const auto [known, added] = foreign_.try_emplace(layers[i].desc.name, kNoRow);
      if (added) {
        known->second = AddRow(layers[i]);
      }
      row_of_[leg][i] = known->second;
      table_.rows[known->second].cells[leg].state = CellState::kUnmatched;
    }
  }

  void MarkFused(size_t leg, const std::vector<std::string>& names) {
    const std::set<std::string> fused(names.begin(), names.end());
    for (Row& row : table_.rows) {
      if (row.cells[leg].state == CellState::kMissing && fused.contains(row.name)) {
        row.cells[leg].state = CellState::kFused;
      }
    }
  }

  Status AgainstLegBefore(size_t leg) {
    const Leg& before = legs_[leg - 1];
    const Leg& target = legs_[leg];
    const layers::Matching matching = layers::MatchLayers(before.layers, target.layers, {});
    layers::CompareOptions options = options_;
    options.policy = {};  // equality
    options.try_layouts = false;
    PLUMB_ASSIGN_OR_RETURN(const std::vector<LayerResult> results,
                           layers::CompareLayers(before.layers, target.layers, matching, options));
    for (const LayerResult& result : results) {
      const layers::Layer& layer = target.layers.layers[result.pair.target];
      Cell& cell = table_.rows[row_of_[leg][result.pair.target]].cells[leg];
      cell.equal = result.report.equal;
      cell.different = result.report.different_elements;
      cell.count = result.report.count;
      const auto step = target.steps.find(layer.desc.name);
      if (!result.report.equal && result.report.max_abs_error && step != target.steps.end() &&
          step->second > 0) {
        // Both values are rounded to float32; half a step is far above that.
        cell.max_steps = std::nearbyint(*result.report.max_abs_error / step->second);
      }
      table_.legs[leg].unequal += !result.report.equal;
    }
    return OkStatus();
  }

  const std::vector<Leg>& legs_;
  layers::CompareOptions options_;
  std::vector<std::vector<size_t>> row_of_;  // by leg and layer
  std::map<std::string, size_t> foreign_;
  LegTable table_;
};

}  // namespace

Result<LegTable> CompareLegs(const std::vector<Leg>& legs, const layers::CompareOptions& options) {
  PLUMB_RETURN_IF_ERROR(CheckOrder(legs));
  return TableMaker(legs, options).Make();
}

}  // namespace plumb::legs
