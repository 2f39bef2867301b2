#include "client/cli/legs/legs_report.h"

#include <algorithm>
#include <array>

#include "client/cli/frame/exit_code.h"
#include "client/cli/frame/verb.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using analysis::Verdict;
using nlohmann::ordered_json;

// The leg of the table that a run became; empty where it shows no layers.
std::optional<size_t> LegOf(const LegsReport& report, const LegRun& run) {
  for (size_t i = 0; report.table && i < report.table->legs.size(); ++i) {
    if (report.table->legs[i].stage == run.stage) {
      return i;
    }
  }
  return std::nullopt;
}

ordered_json Number(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json ErrorOf(const Status& status) {
  if (status.ok()) {
    return nullptr;
  }
  return ordered_json::parse(ErrorObjectJson(status));
}

ordered_json CoverageOf(const analysis::Coverage& coverage) {
  return {{"matched", coverage.matched},
          {"missing_in_target", coverage.missing_in_target},
          {"missing_in_reference", coverage.missing_in_reference},
          {"fused", coverage.fused},
          {"constant", coverage.constant},
          {"duplicate", coverage.duplicate},
          {"percent", coverage.percent()}};
}

ordered_json RunToJson(const LegsReport& report, const LegRun& run) {
  ordered_json json = {{"stage", legs::StageName(run.stage)},
                       {"state", LegStateName(run.state)},
                       {"what", run.what},
                       {"error", ErrorOf(run.why)},
                       {"reference", false},
                       {"tapped", run.stage == legs::Stage::kBoard && run.shows_layers()},
                       {"layers", run.counts.layers},
                       {"unreadable", run.counts.unreadable},
                       {"ms", run.milliseconds},
                       {"notes", run.notes},
                       {"out_of_bounds", nullptr},
                       {"unequal", nullptr},
                       {"coverage", nullptr},
                       {"warnings", ordered_json::array()}};
  if (const auto leg = LegOf(report, run)) {
    const legs::LegSummary& summary = report.table->legs[*leg];
    const bool exact = *leg > 0 && legs::IsInteger(report.table->legs[*leg - 1].stage) &&
                       legs::IsInteger(run.stage);
    json["reference"] = *leg == 0;
    json["out_of_bounds"] = summary.out_of_bounds;
    json["unequal"] = exact ? ordered_json(summary.unequal) : nullptr;
    json["coverage"] = CoverageOf(summary.coverage);
    json["warnings"] = summary.warnings;
  }
  return json;
}

ordered_json CellToJson(const legs::Cell& cell) {
  ordered_json json = {{"state", legs::CellStateName(cell.state)}};
  if (cell.state == legs::CellState::kCompared) {
    json.update({{"verdict", analysis::VerdictName(cell.verdict)},
                 {"rule", cell.rule},
                 {"reason", cell.reason},
                 {"cosine", Number(cell.cosine)},
                 {"rel_l1", Number(cell.relative_l1)},
                 {"max_abs_error", Number(cell.max_abs_error)}});
  }
  if (cell.equal) {
    json["equal_to_previous"] = *cell.equal;
    json["different_elements"] = cell.different;
    json["max_lsb_error"] = *cell.equal ? ordered_json(0) : Number(cell.max_steps);
  }
  return json;
}

ordered_json RowToJson(const legs::LegTable& table, size_t index) {
  const legs::Row& row = table.rows[index];
  ordered_json cells = ordered_json::object();
  for (size_t leg = 0; leg < table.legs.size(); ++leg) {
    cells[std::string(legs::StageName(table.legs[leg].stage))] = CellToJson(row.cells[leg]);
  }
  return {{"index", index},
          {"name", row.name},
          {"op", row.op},
          {"shape", std::vector<int64_t>(row.shape.dims().begin(), row.shape.dims().end())},
          {"legs", std::move(cells)}};
}

ordered_json GapToJson(const legs::LegTable& table, const legs::Gap& gap) {
  const legs::Row& row = table.rows[gap.row];
  return {{"from", legs::StageName(table.legs[gap.from].stage)},
          {"to", legs::StageName(table.legs[gap.to].stage)},
          {"index", gap.row},
          {"name", row.name},
          {"op", row.op},
          {"demanded", gap.exact ? "equality" : "limits"},
          {"layers", gap.layers},
          {"evidence", gap.evidence}};
}

int ExitOf(const LegsDemands& demands, const LegsReport& report) {
  int failed = kExitMatch;
  bool missing = !report.table;
  for (const LegRun& run : report.runs) {
    const bool ended = run.state == LegState::kFailed || run.state == LegState::kPartly;
    failed = ended ? std::max(failed, analysis::ExitCodeOf(run.why)) : failed;
    missing = missing || (demands.stages_named && run.state == LegState::kCannot);
  }
  if (failed != kExitMatch) {
    return failed;
  }
  if (report.table && !report.table->gaps.empty()) {
    return kExitMismatch;
  }
  for (size_t leg = 1; report.table && leg < report.table->legs.size(); ++leg) {
    missing = missing || report.table->legs[leg].coverage.percent() < demands.min_coverage;
  }
  return missing ? kExitCoverage : kExitMatch;
}

}  // namespace

const LegRun& LegsReport::RunOf(size_t leg) const {
  return runs.at(static_cast<size_t>(table->legs.at(leg).stage));
}

void DecideLegs(const LegsDemands& demands, LegsReport& report) {
  report.exit_code = ExitOf(demands, report);
  const bool gap = report.table && !report.table->gaps.empty();
  const bool whole = report.exit_code == kExitMatch;
  report.verdict = gap ? Verdict::kMismatch : whole ? Verdict::kMatch : Verdict::kNotCompared;
}

std::string LegsToJson(const LegsReport& report) {
  ordered_json json = {{"schema", "plumb.legs/1"},
                       {"verdict", analysis::VerdictName(report.verdict)},
                       {"exit_code", report.exit_code},
                       {"error", ErrorOf(report.error)},
                       {"model", report.model},
                       {"input", report.input},
                       {"legs", ordered_json::array()},
                       {"rows", ordered_json::array()},
                       {"gaps", ordered_json::array()},
                       {"timing", {{"compare_ms", report.compare_ms}}},
                       {"plumb", PLUMB_VERSION}};
  for (const LegRun& run : report.runs) {
    json["legs"].push_back(RunToJson(report, run));
  }
  for (size_t row = 0; report.table && row < report.table->rows.size(); ++row) {
    json["rows"].push_back(RowToJson(*report.table, row));
  }
  if (report.table) {
    for (const legs::Gap& gap : report.table->gaps) {
      json["gaps"].push_back(GapToJson(*report.table, gap));
    }
  }
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace plumb::client
