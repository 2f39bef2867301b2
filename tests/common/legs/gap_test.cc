#include "common/legs/gap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb::legs {
namespace {

using analysis::Verdict;
using ::testing::HasSubstr;

Cell Reference() {
  Cell cell;
  cell.state = CellState::kReference;
  return cell;
}

Cell Within() {
  Cell cell;
  cell.state = CellState::kCompared;
  cell.verdict = Verdict::kMatch;
  return cell;
}

Cell Outside(double relative_l1) {
  Cell cell = Within();
  cell.verdict = Verdict::kMismatch;
  cell.relative_l1 = relative_l1;
  cell.cosine = 0.5;
  cell.rule = "rel_l1 > 0.1";
  return cell;
}

Cell Equal(Cell cell) {
  cell.equal = true;
  return cell;
}

Cell Unequal(Cell cell, uint64_t different, double steps) {
  cell.equal = false;
  cell.different = different;
  cell.count = 96;
  cell.max_steps = steps;
  return cell;
}

Cell Of(CellState state) {
  Cell cell;
  cell.state = state;
  return cell;
}

LegTable TableOf(const std::vector<Stage>& stages, const std::vector<std::vector<Cell>>& rows) {
  LegTable table;
  for (const Stage stage : stages) {
    LegSummary summary;
    summary.stage = stage;
    table.legs.push_back(summary);
  }
  for (const std::vector<Cell>& cells : rows) {
    table.rows.push_back({"layer" + std::to_string(table.rows.size()), "CONV_2D", {}, cells});
  }
  return table;
}

TEST(FindGaps, NoneWhereAllIsWithinBoundsAndEqual) {
  const LegTable table =
      TableOf({Stage::kFloat, Stage::kFixed, Stage::kSimulator},
              {{Reference(), Within(), Equal(Within())}, {Reference(), Within(), Equal(Within())}});
  EXPECT_TRUE(FindGaps(table).empty());
}

TEST(FindGaps, BetweenFloatAndFixedAtTheFirstLayerBeyondTheLimits) {
  const LegTable table = TableOf({Stage::kFloat, Stage::kFixed, Stage::kSimulator},
                                 {{Reference(), Within(), Equal(Within())},
                                  {Reference(), Of(CellState::kFused), Of(CellState::kFused)},
                                  {Reference(), Outside(0.25), Equal(Outside(0.25))},
                                  {Reference(), Within(), Equal(Within())},
                                  {Reference(), Outside(0.5), Equal(Outside(0.5))}});
  const std::vector<Gap> gaps = FindGaps(table);
  ASSERT_EQ(gaps.size(), 1U) << "the simulator inherits it and opens none of its own";
  EXPECT_EQ(gaps[0].from, 0U);
  EXPECT_EQ(gaps[0].to, 1U);
  EXPECT_EQ(gaps[0].row, 2U);
  EXPECT_EQ(gaps[0].layers, 2U);
  EXPECT_FALSE(gaps[0].exact);
  EXPECT_EQ(gaps[0].evidence,
            "rel_l1 > 0.1 (cosine 0.5, rel_l1 0.25); 1 layer before it is within bounds");
}

// Two legs in integers that differ in one step are broken, however small the error is.
TEST(FindGaps, BetweenSimulatorAndBoardWhereEqualityEnds) {
  const LegTable table = TableOf({Stage::kFixed, Stage::kSimulator, Stage::kBoard},
                                 {{Reference(), Equal(Within()), Equal(Within())},
                                  {Reference(), Equal(Within()), Equal(Within())},
                                  {Reference(), Equal(Within()), Unequal(Within(), 3, 1)}});
  const std::vector<Gap> gaps = FindGaps(table);
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].from, 1U);
  EXPECT_EQ(gaps[0].to, 2U);
  EXPECT_EQ(gaps[0].row, 2U);
  EXPECT_TRUE(gaps[0].exact);
  EXPECT_EQ(gaps[0].evidence,
            "3 of 96 elements differ, by at most 1 step; 2 layers before it are equal bit for bit");
}

TEST(FindGaps, EveryPairThatOpensOneInTheOrderOfTheLegs) {
  const LegTable table = TableOf({Stage::kFramework, Stage::kFloat, Stage::kFixed, Stage::kBoard},
                                 {{Reference(), Within(), Within(), Unequal(Within(), 96, 7)},
                                  {Reference(), Within(), Outside(2), Unequal(Outside(3), 96, 9)}});
  const std::vector<Gap> gaps = FindGaps(table);
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_EQ(gaps[0].to, 2U);
  EXPECT_EQ(gaps[0].row, 1U);
  EXPECT_EQ(gaps[1].to, 3U);
  EXPECT_EQ(gaps[1].row, 0U);
  EXPECT_THAT(gaps[1].evidence, HasSubstr("it is the first layer that both show"));
}

// What the framework shows wrong is not the quantiser's doing.
TEST(FindGaps, ALayerThatIsOutAlreadyOpensNoGapBehind) {
  const LegTable table =
      TableOf({Stage::kFramework, Stage::kFloat, Stage::kFixed},
              {{Reference(), Outside(1), Outside(1)}, {Reference(), Within(), Within()}});
  const std::vector<Gap> gaps = FindGaps(table);
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].to, 1U);
}

// The layer ahead was fused in both: nobody can say whether it agreed.
TEST(FindGaps, ALayerThatNobodyShowsIsNoWitness) {
  const LegTable table = TableOf({Stage::kFloat, Stage::kSimulator, Stage::kBoard},
                                 {{Reference(), Of(CellState::kFused), Of(CellState::kFused)},
                                  {Reference(), Within(), Unequal(Within(), 1, 1)}});
  const std::vector<Gap> gaps = FindGaps(table);
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].row, 1U);
  EXPECT_THAT(gaps[0].evidence, HasSubstr("it is the first layer that both show"));
}

TEST(FindGaps, AMissingLayerIsNoGap) {
  const LegTable table =
      TableOf({Stage::kSimulator, Stage::kBoard}, {{Reference(), Of(CellState::kMissing)}});
  EXPECT_TRUE(FindGaps(table).empty());
}

TEST(Stages, AreNamedAndReadBack) {
  for (size_t i = 0; i < kStages; ++i) {
    const auto stage = static_cast<Stage>(i);
    EXPECT_EQ(ParseStage(StageName(stage)), stage);
  }
  EXPECT_FALSE(ParseStage("offline"));
  EXPECT_FALSE(IsInteger(Stage::kFloat));
  EXPECT_TRUE(IsInteger(Stage::kFixed));
}

}  // namespace
}  // namespace plumb::legs
