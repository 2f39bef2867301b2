#include "client/cli/legs/legs_report.h"

#include <gtest/gtest.h>

#include "client/cli/frame/exit_code.h"
#include "common/runner/failure.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using analysis::Verdict;
using legs::Stage;
using nlohmann::json;

LegRun RunOf(Stage stage, LegState state, Status why = OkStatus()) {
  LegRun run;
  run.stage = stage;
  run.state = state;
  run.why = std::move(why);
  run.counts.layers = run.shows_layers() ? 1 : 0;
  return run;
}

// Float, fixed, simulator and board ran and agree; the framework was not there.
LegsReport Agreeing() {
  LegsReport report;
  report.runs = {RunOf(Stage::kFramework, LegState::kCannot, NotFoundError("no ONNX Runtime")),
                 RunOf(Stage::kFloat, LegState::kRan),
                 RunOf(Stage::kFixed, LegState::kRan),
                 RunOf(Stage::kSimulator, LegState::kRan),
                 RunOf(Stage::kBoard, LegState::kRan)};
  report.table.emplace();
  legs::Row row{"conv", "CONV_2D", {}, {}};
  for (size_t i = 1; i < report.runs.size(); ++i) {
    legs::LegSummary summary;
    summary.stage = report.runs[i].stage;
    summary.coverage.matched = 1;
    report.table->legs.push_back(summary);
    legs::Cell cell;
    cell.state = i == 1 ? legs::CellState::kReference : legs::CellState::kCompared;
    cell.verdict = i == 1 ? Verdict::kNotCompared : Verdict::kMatch;
    row.cells.push_back(cell);
  }
  report.table->rows.push_back(row);
  return report;
}

void OpenGap(LegsReport& report) {
  report.table->gaps.push_back({2, 3, 0, true, 1, "1 of 1 element differs"});
}

int Decided(LegsReport& report, const LegsDemands& demands = {}) {
  DecideLegs(demands, report);
  return report.exit_code;
}

TEST(DecideLegs, AgreementIsAMatchWhateverCouldNotBeRun) {
  LegsReport report = Agreeing();
  EXPECT_EQ(Decided(report), kExitMatch);
  EXPECT_EQ(report.verdict, Verdict::kMatch);
}

TEST(DecideLegs, ANamedLegThatCannotRunIsMissed) {
  LegsReport report = Agreeing();
  EXPECT_EQ(Decided(report, {100, true}), kExitCoverage);
  EXPECT_EQ(report.verdict, Verdict::kNotCompared);
}

TEST(DecideLegs, AGapIsAMismatchAndGoesBeforeCoverage) {
  LegsReport report = Agreeing();
  OpenGap(report);
  report.table->legs[1].coverage.missing_in_target = {"relu"};
  EXPECT_EQ(Decided(report, {100, true}), kExitMismatch);
  EXPECT_EQ(report.verdict, Verdict::kMismatch);
}

TEST(DecideLegs, LayersThatAreMissingCountAgainstCoverage) {
  LegsReport report = Agreeing();
  report.table->legs[1].coverage.missing_in_target = {"relu"};  // one of two: 50 %
  EXPECT_EQ(Decided(report), kExitCoverage);
  EXPECT_EQ(Decided(report, {50, false}), kExitMatch);
}

TEST(DecideLegs, ABoardThatBreaksGoesBeforeAGapButTheGapIsSaid) {
  LegsReport report = Agreeing();
  OpenGap(report);
  report.runs[4] = RunOf(Stage::kBoard,
                         LegState::kPartly,
                         UnavailableError("signal 11").WithReason(kReasonRunnerCrashed));
  EXPECT_EQ(Decided(report), kExitBoard);
  EXPECT_EQ(report.verdict, Verdict::kMismatch);
}

TEST(DecideLegs, NothingToCompareIsCoverage) {
  LegsReport report = Agreeing();
  report.table.reset();
  EXPECT_EQ(Decided(report), kExitCoverage);
}

TEST(LegsToJson, NamesTheGapAndWhatIsNotTheVendors) {
  LegsReport report = Agreeing();
  OpenGap(report);
  DecideLegs({}, report);
  const json written = json::parse(LegsToJson(report));
  EXPECT_EQ(written["schema"], "plumb.legs/1");
  EXPECT_EQ(written["exit_code"], 1);
  ASSERT_EQ(written["legs"].size(), 5U);
  EXPECT_EQ(written["legs"][0]["state"], "cannot");
  EXPECT_EQ(written["legs"][0]["error"]["message"], "no ONNX Runtime");
  EXPECT_EQ(written["legs"][1]["reference"], true);
  EXPECT_EQ(written["legs"][3]["tapped"], false);
  EXPECT_EQ(written["legs"][4]["tapped"], true);
  EXPECT_EQ(written["gaps"][0]["from"], "simulator");
  EXPECT_EQ(written["gaps"][0]["to"], "board");
  EXPECT_EQ(written["gaps"][0]["name"], "conv");
  EXPECT_EQ(written["gaps"][0]["demanded"], "equality");
}

}  // namespace
}  // namespace plumb::client
