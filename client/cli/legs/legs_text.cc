#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include "client/cli/frame/figures.h"
#include "client/cli/frame/table.h"
#include "client/cli/legs/legs_report.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

using analysis::Verdict;
using legs::Cell;
using legs::CellState;
using legs::LegTable;

constexpr size_t kBarWidth = 8;
constexpr size_t kNameWidth = 40;

std::string StageText(legs::Stage stage) {
  return std::string(legs::StageName(stage));
}

std::string Milliseconds(double milliseconds) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.0f ms", milliseconds);
  return text.data();
}

std::string Counted(size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// "60 layers, 23 fused, 12 ms".
std::string Extent(const LegsReport& report, const LegRun& run) {
  std::string text = Counted(run.counts.layers, "layer", "layers");
  for (size_t leg = 0; report.table && leg < report.table->legs.size(); ++leg) {
    const legs::LegSummary& summary = report.table->legs[leg];
    if (summary.stage != run.stage) {
      continue;
    }
    const size_t missing = summary.coverage.missing_in_target.size();
    text += leg == 0 ? ", the reference" : "";
    text += summary.coverage.fused.empty()
                ? ""
                : ", " + std::to_string(summary.coverage.fused.size()) + " fused";
    text += missing == 0 ? "" : ", " + std::to_string(missing) + " missing";
  }
  return text + ", " + Milliseconds(run.milliseconds);
}

void SayRun(Console& console, const LegsReport& report, const LegRun& run) {
  std::string name = StageText(run.stage);
  name.resize(11, ' ');
  if (run.shows_layers()) {
    console.Say(
        {{name, Style::kBold}, {run.what}, {" (" + Extent(report, run) + ")", Style::kDim}});
  }
  if (!run.why.ok()) {
    const char* how = run.state == LegState::kPartly   ? "ended early: "
                      : run.state == LegState::kFailed ? "failed: "
                                                       : "not run: ";
    const bool bad = run.state != LegState::kCannot;
    console.Say({{run.shows_layers() ? std::string(11, ' ') : name, Style::kBold},
                 {how, bad ? Style::kBad : Style::kWarning},
                 {run.why.message()}});
    if (!run.why.hint().empty()) {
      console.Say("        -> " + std::string(run.why.hint()));
    }
  }
  for (const std::string& note : run.notes) {
    console.Say({{"           note: ", Style::kWarning}, {note}});
  }
}

// rel_l1, cosine and bar of one leg.
std::array<Span, 3> CellSpans(const LegTable& table, size_t leg, const Cell& cell) {
  const bool out = cell.verdict == Verdict::kMismatch;
  const Style style = out ? Style::kBad : Style::kGood;
  switch (cell.state) {
    case CellState::kFused:
      return {Span{"fused", Style::kDim}, Span{}, Span{}};
    case CellState::kMissing:
      return {Span{"missing", Style::kWarning}, Span{}, Span{}};
    default:
      break;
  }
  if (cell.equal == true) {
    return {Span{"= " + StageText(table.legs[leg - 1].stage), Style::kDim}, Span{}, Span{}};
  }
  if (cell.state == CellState::kUnmatched) {
    return {Span{"only here", Style::kDim}, Span{}, Span{}};
  }
  return {Span{FourDigits(cell.relative_l1), style},
          Span{SixDecimals(cell.cosine), style},
          Span{ErrorBar(cell.relative_l1, kBarWidth), style}};
}

std::string MarkOf(const LegTable& table, size_t row) {
  std::string mark;
  for (const legs::Gap& gap : table.gaps) {
    if (gap.row == row) {
      mark += (mark.empty() ? "<- gap " : ", ") + StageText(table.legs[gap.from].stage) + " | " +
              StageText(table.legs[gap.to].stage);
    }
  }
  return mark;
}

// Every cell of the leg says the same with nothing but its first column.
bool IsPlain(const LegTable& table, size_t leg, size_t column) {
  return std::all_of(table.rows.begin(), table.rows.end(), [&](const legs::Row& row) {
    return CellSpans(table, leg, row.cells[leg]).at(column).text.empty();
  });
}

std::vector<Span> RowSpans(const LegTable& table,
                           size_t index,
                           const std::vector<std::pair<size_t, size_t>>& shown,
                           bool whole_name) {
  const legs::Row& row = table.rows[index];
  const std::string mark = MarkOf(table, index);
  std::vector<Span> cells = {{std::to_string(index), Style::kDim},
                             {whole_name ? row.name : ShortName(row.name, kNameWidth),
                              mark.empty() ? Style::kPlain : Style::kBold},
                             {row.op}};
  for (const auto& [leg, column] : shown) {
    cells.push_back(CellSpans(table, leg, row.cells[leg]).at(column));
  }
  cells.push_back({mark, Style::kBad});
  return cells;
}

void SayTable(Console& console, const LegTable& table) {
  std::vector<Column> columns = {{"#", Align::kRight}, {"layer"}, {"op"}};
  std::vector<std::pair<size_t, size_t>> shown;  // leg and which of its columns
  for (size_t leg = 1; leg < table.legs.size(); ++leg) {
    const std::array<Column, 3> own = {Column{StageText(table.legs[leg].stage), Align::kRight},
                                       Column{"cosine", Align::kRight},
                                       Column{"1e-4..1"}};
    for (size_t column = 0; column < own.size(); ++column) {
      if (column == 0 || !IsPlain(table, leg, column)) {
        columns.push_back(own.at(column));
        shown.emplace_back(leg, column);
      }
    }
  }
  columns.push_back({""});
  Table text(columns);
  for (size_t row = 0; row < table.rows.size(); ++row) {
    text.AddRow(RowSpans(table, row, shown, console.verbose()));
  }
  console.Say("");
  console.Say({{"rel_l1, cosine and a bar of rel_l1 against " + StageText(table.legs[0].stage) +
                    "; '= leg': bit for bit that leg",
                Style::kDim}});
  text.PrintTo(console);
  console.Say("");
}

void SayNames(Console& console, const std::string& what, const std::vector<std::string>& names) {
  if (names.empty()) {
    return;
  }
  console.Say({{what + ":", Style::kWarning}});
  for (const std::string& name : names) {
    console.Say("  " + name);
  }
}

// A leg that ended early says how far it came; its missing layers are no finding.
void SayCoverage(Console& console, const LegsReport& report) {
  const LegTable& table = *report.table;
  for (size_t leg = 1; leg < table.legs.size(); ++leg) {
    const legs::LegSummary& summary = table.legs[leg];
    const std::string stage = StageText(summary.stage);
    if (report.RunOf(leg).state == LegState::kRan) {
      SayNames(console, "missing in " + stage, summary.coverage.missing_in_target);
    }
    SayNames(console, "only in " + stage, summary.coverage.missing_in_reference);
    SayNames(console, "more than once in " + stage, summary.coverage.duplicate);
    for (const std::string& warning : summary.warnings) {
      console.Say({{stage + ": ", Style::kWarning}, {warning}});
    }
  }
}

void SayGaps(Console& console, const LegTable& table) {
  for (size_t i = 0; i < table.gaps.size(); ++i) {
    const legs::Gap& gap = table.gaps[i];
    const legs::Row& row = table.rows[gap.row];
    console.Conclude(
        {{i == 0 ? "the gap opens between " : "and another between "},
         {StageText(table.legs[gap.from].stage) + " and " + StageText(table.legs[gap.to].stage),
          Style::kBold},
         {" at layer " + std::to_string(gap.row) + " "},
         {ShortName(row.name), Style::kBold},
         {" (" + row.op + "): " + gap.evidence + "; " + Counted(gap.layers, "layer", "layers") +
          " in all"}});
  }
}

}  // namespace

void SayLegs(Console& console, const LegsReport& report) {
  for (const LegRun& run : report.runs) {
    SayRun(console, report, run);
  }
  if (report.table) {
    SayTable(console, *report.table);
    SayCoverage(console, report);
    SayGaps(console, *report.table);
  }
  const bool match = report.verdict == Verdict::kMatch;
  const bool mismatch = report.verdict == Verdict::kMismatch;
  console.Conclude(
      {{"verdict: ", Style::kBold},
       {std::string(analysis::VerdictName(report.verdict)),
        match      ? Style::kGood
        : mismatch ? Style::kBad
                   : Style::kWarning},
       {!report.table ? " (fewer than two legs show layers)"
        : match       ? " (no gap between " + std::to_string(report.table->legs.size()) + " legs)"
                      : ""}});
}

}  // namespace plumb::client
