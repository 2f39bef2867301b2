#include "common/legs/compare_legs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/buffer.h"
#include "common/tensor/tensor.h"

namespace plumb::legs {
namespace {

using ::testing::ElementsAre;

struct Values {
  std::string name;
  std::vector<float> values;
};

Leg LegOf(Stage stage, const std::vector<Values>& layers) {
  std::vector<Tensor> tensors;
  for (const Values& layer : layers) {
    const auto count = static_cast<int64_t>(layer.values.size());
    Tensor tensor;
    tensor.desc = *MakeContiguousDesc(layer.name, ElementType::kFloat32, Shape{1, count});
    tensor.bytes = Buffer::Copy({reinterpret_cast<const uint8_t*>(layer.values.data()),
                                 layer.values.size() * sizeof(float)});
    tensors.push_back(std::move(tensor));
  }
  Leg leg;
  leg.stage = stage;
  leg.layers = layers::LayersOfTensors(tensors, std::string(StageName(stage)));
  leg.layers.is_float = !IsInteger(stage);
  return leg;
}

// Layer b is computed within c; a and c have steps of a half.
Leg IntegerLeg(Stage stage, const std::vector<Values>& layers) {
  Leg leg = LegOf(stage, layers);
  leg.fused.groups.push_back({{"c"}, {"b"}, {}});
  leg.steps = {{"a", 0.5}, {"c", 0.5}};
  return leg;
}

layers::CompareOptions Limits() {
  layers::CompareOptions options;
  options.policy.by_default.min_cosine = 0.99;
  options.policy.by_default.max_relative_l1 = 0.1;
  return options;
}

const std::vector<Values> kFloat = {{"a", {1, 2, 3, 4}}, {"b", {5}}, {"c", {10, 20}}};

// a: |4.5 - 4| / (1+2+3+4) = 0.05. c: |26 - 20| / 30 = 0.2, its cosine is above 0.995.
const std::vector<Values> kFixed = {{"a", {1, 2, 3, 4.5}}, {"c", {10, 26}}};

TEST(CompareLegs, MeasuresEveryLegAgainstTheFirst) {
  const auto table = CompareLegs({LegOf(Stage::kFloat, kFloat),
                                  IntegerLeg(Stage::kFixed, kFixed),
                                  IntegerLeg(Stage::kSimulator, kFixed)},
                                 Limits());
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  ASSERT_EQ(table->rows.size(), 3U);
  for (const size_t leg : {1U, 2U}) {
    const Cell& a = table->rows[0].cells[leg];
    EXPECT_EQ(a.state, CellState::kCompared);
    EXPECT_DOUBLE_EQ(a.relative_l1.value(), 0.05);
    EXPECT_EQ(a.verdict, analysis::Verdict::kMatch);
    EXPECT_EQ(table->rows[1].cells[leg].state, CellState::kFused);
    const Cell& c = table->rows[2].cells[leg];
    EXPECT_DOUBLE_EQ(c.relative_l1.value(), 0.2);
    EXPECT_EQ(c.verdict, analysis::Verdict::kMismatch);
    EXPECT_EQ(table->legs[leg].out_of_bounds, 1U);
    EXPECT_THAT(table->legs[leg].coverage.fused, ElementsAre("b"));
    EXPECT_EQ(table->legs[leg].coverage.percent(), 100);
  }
  EXPECT_FALSE(table->rows[0].cells[1].equal) << "float and fixed need not be equal";
  EXPECT_EQ(table->rows[0].cells[2].equal, true);
  ASSERT_EQ(table->gaps.size(), 1U);
  EXPECT_EQ(table->gaps[0].row, 2U);
  EXPECT_EQ(table->gaps[0].to, 1U);
}

TEST(CompareLegs, CountsElementsAndStepsWhereIntegersDiffer) {
  const std::vector<Values> board = {{"a", {1, 2, 3, 4.5}}, {"c", {10.5, 27}}};
  const auto table = CompareLegs({IntegerLeg(Stage::kFixed, kFixed),
                                  IntegerLeg(Stage::kSimulator, kFixed),
                                  IntegerLeg(Stage::kBoard, board)},
                                 Limits());
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  const Cell& c = table->rows[1].cells[2];
  EXPECT_EQ(c.equal, false);
  EXPECT_EQ(c.different, 2U);
  EXPECT_EQ(c.count, 2U);
  EXPECT_EQ(c.max_steps, 2.0);
  EXPECT_EQ(c.verdict, analysis::Verdict::kMatch) << "1.5 / 36 is within the limits";
  ASSERT_EQ(table->gaps.size(), 1U);
  EXPECT_TRUE(table->gaps[0].exact);
  EXPECT_EQ(table->gaps[0].from, 1U);
  EXPECT_EQ(table->gaps[0].row, 1U);
  EXPECT_EQ(table->legs[2].unequal, 1U);
}

TEST(CompareLegs, AMissingLayerIsNamedAndAForeignOneHasItsRow) {
  const std::vector<Values> fewer = {{"c", {10, 20}}, {"extra", {7, 7, 7}}};
  const auto table = CompareLegs({LegOf(Stage::kFloat, kFloat),
                                  IntegerLeg(Stage::kSimulator, fewer),
                                  IntegerLeg(Stage::kBoard, fewer)},
                                 Limits());
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  EXPECT_EQ(table->rows[0].cells[1].state, CellState::kMissing);
  EXPECT_THAT(table->legs[1].coverage.missing_in_target, ElementsAre("a"));
  ASSERT_EQ(table->rows.size(), 4U);
  EXPECT_EQ(table->rows[3].name, "extra");
  EXPECT_EQ(table->rows[3].cells[0].state, CellState::kMissing);
  EXPECT_EQ(table->rows[3].cells[1].state, CellState::kUnmatched);
  EXPECT_EQ(table->rows[3].cells[2].equal, true);
  EXPECT_TRUE(table->gaps.empty());
}

TEST(CompareLegs, WantsTwoLegsInOrder) {
  const Leg leg = LegOf(Stage::kFloat, kFloat);
  EXPECT_EQ(CompareLegs({leg}, Limits()).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(CompareLegs({LegOf(Stage::kFixed, kFixed), leg}, Limits()).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumb::legs
