#include "common/tune/network_judge.h"

#include <cmath>

#include <gmock/gmock.h>

#include "tests/support/graph_builder.h"

namespace plumb::tune {
namespace {

using ::plumb::testing::GraphBuilder;
using ::plumb::testing::Window;
using ::testing::ElementsAre;

// x [1,2,2,1] → wide [1,2,2,2] = (1000 x, 0.5 x) → y [1,2,2,1] = the second channel alone. In 8
// bits a step of `wide` is above 3, so 0.5 x is nothing at all; in 16 bits it is there.
NetworkProblem OutlierProblem() {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 2, 2, 1});
  const uint32_t w1 = builder.Constant({2, 1, 1, 1}, {1000, 0.5});
  const uint32_t wide = builder.Op(npu::OpKind::kConv2d, {x, w1}, {1, 2, 2, 2}, Window(1, 1));
  const uint32_t w2 = builder.Constant({1, 1, 1, 2}, {0, 1});
  const uint32_t y = builder.Op(npu::OpKind::kConv2d, {wide, w2}, {1, 2, 2, 1}, Window(1, 1));
  builder.At(x).name = "x";
  builder.At(wide).name = "wide";
  builder.At(y).name = "y";
  NetworkProblem problem;
  problem.graph = std::make_shared<const npu::Graph>(builder.Build({y}));
  problem.samples = {{{0.1F, 0.3F, 0.7F, 1.0F}}, {{1.0F, 0.9F, 0.2F, 0.4F}}};
  auto calibrator = npu::Calibrator::Create(problem.graph);
  EXPECT_TRUE(calibrator.ok()) << calibrator.status().ToString();
  for (const auto& sample : problem.samples) {
    EXPECT_TRUE(calibrator->Add(sample).ok());
  }
  problem.ranges = calibrator->ranges();
  problem.stored_inputs = [samples = problem.samples](
                              const npu::FixedModel& model,
                              size_t index) -> Result<std::vector<std::vector<int16_t>>> {
    const npu::FixedTensor& tensor = model.tensors[model.inputs[0].tensor];
    std::vector<int16_t> stored;
    for (const float value : samples[index][0]) {
      stored.push_back(static_cast<int16_t>(std::rint(static_cast<double>(value) / tensor.scale) +
                                            tensor.zero_point));
    }
    return std::vector<std::vector<int16_t>>{stored};
  };
  problem.tolerance.by_default.min_cosine = 0.99;
  problem.tolerance.by_default.max_relative_l1 = 0.1;
  return problem;
}

std::unique_ptr<NetworkJudge> Make(NetworkProblem problem) {
  auto judge = NetworkJudge::Create(std::move(problem));
  EXPECT_TRUE(judge.ok()) << judge.status().ToString();
  return judge.ok() ? std::move(*judge) : nullptr;
}

TEST(NetworkJudge, OffersWhatConvolutionsReadWithTheirMacs) {
  const auto judge = Make(OutlierProblem());
  ASSERT_EQ(judge->candidates().size(), 2U);
  EXPECT_EQ(judge->candidates()[0].name, "x");
  EXPECT_EQ(judge->candidates()[0].cost, 4 * 2);  // places · channels · 1 · 1 · 1
  EXPECT_EQ(judge->candidates()[1].name, "wide");
  EXPECT_EQ(judge->candidates()[1].cost, 4 * 2);
}

TEST(NetworkJudge, SeesWhatEightBitsLose) {
  const auto judge = Make(OutlierProblem());
  // Every stored 0.5 x is 0, so y is 0: the whole of it is lost.
  const auto narrow = judge->Outputs({});
  ASSERT_TRUE(narrow.ok()) << narrow.status().ToString();
  ASSERT_EQ(narrow->size(), 1U);
  EXPECT_EQ(narrow->front().name, "y");
  EXPECT_EQ(narrow->front().rel_l1, 1);
  EXPECT_FALSE(narrow->front().meets);
  const auto raised = judge->Outputs(std::vector<size_t>{1});
  ASSERT_TRUE(raised.ok());
  EXPECT_GT(raised->front().cosine, 0.999);
  EXPECT_LT(raised->front().rel_l1, 0.1);
  EXPECT_TRUE(raised->front().meets);
}

TEST(NetworkJudge, SensitivityNamesTheOneThatMatters) {
  const auto judge = Make(OutlierProblem());
  std::vector<size_t> told;
  ASSERT_TRUE(
      judge->MeasureSensitivities(CancelToken(), [&](size_t i) { told.push_back(i); }).ok());
  EXPECT_THAT(told, ElementsAre(0, 1));
  EXPECT_LT(judge->candidates()[0].sensitivity, 0.1);
  EXPECT_GT(judge->candidates()[1].sensitivity, 0.8);
}

TEST(NetworkJudge, TheSearchRaisesThatOneAlone) {
  const auto judge = Make(OutlierProblem());
  ASSERT_TRUE(judge->MeasureSensitivities(CancelToken(), [](size_t) {}).ok());
  const auto found = FindMinimalSet(judge->candidates(), judge->judge(CancelToken()));
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_THAT(found->on, ElementsAre(1));
}

TEST(NetworkJudge, LayersAreInOrderWithTheirErrors) {
  const auto judge = Make(OutlierProblem());
  const auto layers = judge->Layers(std::vector<size_t>{1});
  ASSERT_TRUE(layers.ok()) << layers.status().ToString();
  ASSERT_EQ(layers->size(), 2U);
  EXPECT_EQ(layers->at(0).name, "wide");
  EXPECT_GT(layers->at(0).cosine, 0.999);
  EXPECT_EQ(layers->at(1).name, "y");
}

TEST(NetworkJudge, ACancelledSearchEnds) {
  const auto judge = Make(OutlierProblem());
  CancelToken cancel;
  cancel.Cancel();
  EXPECT_EQ(judge->MeasureSensitivities(cancel, [](size_t) {}).code(), StatusCode::kCancelled);
  EXPECT_EQ(FindMinimalSet(judge->candidates(), judge->judge(cancel)).status().code(),
            StatusCode::kCancelled);
}

TEST(NetworkJudge, WithoutASampleThereIsNothingToJudgeBy) {
  NetworkProblem problem = OutlierProblem();
  problem.samples.clear();
  EXPECT_EQ(NetworkJudge::Create(std::move(problem)).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumb::tune
