// Blame on networks small enough to compute by hand.
#include "common/blame/isolate.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "common/blame/excuse.h"
#include "common/blame/quantised_values.h"

namespace plumb::blame {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Values = std::vector<float>;

// Each layer is a function of its inputs' values.
class HandRunner : public SubgraphRunner {
 public:
  using Layer = std::function<Values(const std::vector<Values>& inputs)>;

  uint32_t Tensor(const std::string& name, uint64_t count, double scale = 0) {
    network_.tensors.push_back({name, count, scale, 0, -128, 127});
    return static_cast<uint32_t>(network_.tensors.size() - 1);
  }

  void Add(std::vector<uint32_t> inputs, uint32_t output, Layer layer) {
    network_.layers.push_back({"OP", std::move(inputs), output});
    functions_.push_back(std::move(layer));
  }

  [[nodiscard]] const Network& network() const override { return network_; }

  Network& Change() { return network_; }

  Status Run(std::span<const uint32_t> layers,
             const TensorSource& given,
             const TensorSink& sink,
             std::optional<uint64_t> /*chance*/) override {
    std::map<uint32_t, Values> held;
    for (const uint32_t layer : layers) {
      std::vector<Values> inputs;
      for (const uint32_t input : network_.layers[layer].inputs) {
        if (!held.contains(input)) {
          PLUMB_ASSIGN_OR_RETURN(const Values values, given(input));
          held[input] = Rounded(network_.tensors[input], values);
        }
        inputs.push_back(held[input]);
      }
      const uint32_t output = network_.layers[layer].output;
      held[output] = Rounded(network_.tensors[output], functions_[layer](inputs));
      PLUMB_RETURN_IF_ERROR(sink(output, held[output]));
    }
    return OkStatus();
  }

 private:
  Network network_;
  std::vector<Layer> functions_;
};

HandRunner::Layer Times(float factor) {
  return [factor](const std::vector<Values>& inputs) {
    Values result;
    for (const float value : inputs[0]) {
      result.push_back(value * factor);
    }
    return result;
  };
}

HandRunner::Layer Plus() {
  return [](const std::vector<Values>& inputs) {
    Values result;
    for (size_t i = 0; i < inputs[0].size(); ++i) {
      result.push_back(inputs[0][i] + inputs[1][i]);
    }
    return result;
  };
}

TensorSide SideOf(const Network& network, const std::map<std::string, Values>& values) {
  TensorSide side;
  for (const NetworkTensor& tensor : network.tensors) {
    side.known.push_back(values.contains(tensor.name));
  }
  side.values = [&network, values](uint32_t tensor) -> Result<Values> {
    return values.at(network.tensors[tensor].name);
  };
  return side;
}

BlameProblem ProblemOf(HandRunner& runner,
                       const std::map<std::string, Values>& reference,
                       const std::map<std::string, Values>& target) {
  BlameProblem problem;
  problem.runner = &runner;
  problem.policy.by_default.min_cosine = 0.99;
  problem.policy.by_default.max_relative_l1 = 0.1;
  problem.reference = SideOf(runner.network(), reference);
  problem.target = SideOf(runner.network(), target);
  for (const NetworkTensor& tensor : runner.network().tensors) {
    problem.cumulative.emplace_back();
    if (reference.contains(tensor.name) && target.contains(tensor.name)) {
      problem.cumulative.back() = ErrorOf(tensor.name,
                                          reference.at(tensor.name),
                                          target.at(tensor.name),
                                          problem.policy.by_default)
                                      .value();
    }
  }
  return problem;
}

std::vector<Blame> BlamesOf(const std::vector<LayerBlame>& layers) {
  std::vector<Blame> blames;
  for (const LayerBlame& layer : layers) {
    blames.push_back(layer.blame);
  }
  return blames;
}

// x → a = 2x → b, which should be 3a and is 4a → c = 10b → d = c. Nothing is rounded.
class Chain : public ::testing::Test {
 protected:
  Chain() {
    const uint32_t x = runner_.Tensor("x", 2);
    const uint32_t a = runner_.Tensor("a", 2);
    const uint32_t b = runner_.Tensor("b", 2);
    const uint32_t c = runner_.Tensor("c", 2);
    const uint32_t d = runner_.Tensor("d", 2);
    runner_.Add({x}, a, Times(2));
    runner_.Add({a}, b, Times(4));
    runner_.Add({b}, c, Times(10));
    runner_.Add({c}, d, Times(1));
    runner_.Change().inputs = {x};
    runner_.Change().outputs = {d};
  }

  HandRunner runner_;
  std::map<std::string, Values> reference_ = {
      {"a", {2, 4}}, {"b", {6, 12}}, {"c", {60, 120}}, {"d", {60, 120}}};
  std::map<std::string, Values> target_ = {
      {"a", {2, 4}}, {"b", {8, 16}}, {"c", {80, 160}}, {"d", {80, 160}}};
};

TEST_F(Chain, BlamesTheLayerThatAddsAndCallsWhatInheritsInnocent) {
  const BlameProblem problem = ProblemOf(runner_, reference_, target_);
  const auto layers = IsolateLayers(problem);
  ASSERT_TRUE(layers.ok()) << layers.status().ToString();
  EXPECT_THAT(BlamesOf(*layers),
              ElementsAre(Blame::kNone, Blame::kBroken, Blame::kInherited, Blame::kInherited));
  // Of b: (2 + 4) / (6 + 12) alone and in the target.
  EXPECT_DOUBLE_EQ(layers->at(1).local->relative_l1.value(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(layers->at(1).cumulative->relative_l1.value(), 1.0 / 3);
  EXPECT_EQ(layers->at(1).amplification, std::nullopt) << "its input has no error";
  // c alone is right; in the target it is as wrong as b.
  EXPECT_EQ(layers->at(2).local->relative_l1, 0.0);
  EXPECT_DOUBLE_EQ(layers->at(2).cumulative->relative_l1.value(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(layers->at(2).amplification.value(), 1);
}

TEST_F(Chain, WithTheCulpritExcusedTheOutputIsRight) {
  const BlameProblem problem = ProblemOf(runner_, reference_, target_);
  const auto layers = IsolateLayers(problem);
  ASSERT_TRUE(layers.ok());
  const auto excuses = ExcuseOneByOne(problem, *layers);
  ASSERT_TRUE(excuses.ok()) << excuses.status().ToString();
  EXPECT_EQ(excuses->impossible, "");
  EXPECT_FALSE(excuses->within);
  ASSERT_EQ(excuses->before.size(), 1U);
  EXPECT_DOUBLE_EQ(excuses->before[0].error.relative_l1.value(), 1.0 / 3);
  ASSERT_EQ(excuses->culprits.size(), 1U);
  EXPECT_EQ(excuses->culprits[0].tensor, 2U);
  EXPECT_TRUE(excuses->culprits[0].within);
  EXPECT_EQ(excuses->culprits[0].outputs.at(0).error.relative_l1, 0.0);
  EXPECT_EQ(excuses->compared, 3U);  // a was taken from the target
  EXPECT_EQ(excuses->unlike, 0U);
}

// d is 1.5 c as well: with b excused it is what is left, 30 + 60 of 60 + 120.
TEST_F(Chain, GoesOnToTheSecondCulprit) {
  HandRunner runner;
  const uint32_t a = runner.Tensor("a", 2);
  const uint32_t b = runner.Tensor("b", 2);
  const uint32_t c = runner.Tensor("c", 2);
  const uint32_t d = runner.Tensor("d", 2);
  const uint32_t x = runner.Tensor("x", 2);
  runner.Add({x}, a, Times(2));
  runner.Add({a}, b, Times(4));
  runner.Add({b}, c, Times(10));
  runner.Add({c}, d, Times(1.5));
  runner.Change().inputs = {x};
  runner.Change().outputs = {d};
  target_["d"] = {120, 240};
  const BlameProblem problem = ProblemOf(runner, reference_, target_);
  const auto layers = IsolateLayers(problem);
  ASSERT_TRUE(layers.ok());
  EXPECT_THAT(BlamesOf(*layers),
              ElementsAre(Blame::kNone, Blame::kBroken, Blame::kInherited, Blame::kBroken));
  EXPECT_DOUBLE_EQ(layers->at(3).amplification.value(), 3);  // 1 after 1/3
  const auto excuses = ExcuseOneByOne(problem, *layers);
  ASSERT_TRUE(excuses.ok());
  ASSERT_EQ(excuses->culprits.size(), 2U);
  EXPECT_DOUBLE_EQ(excuses->before[0].error.relative_l1.value(), 1);
  EXPECT_DOUBLE_EQ(excuses->culprits[0].outputs.at(0).error.relative_l1.value(), 0.5);
  EXPECT_FALSE(excuses->culprits[0].within);
  EXPECT_EQ(excuses->culprits[1].outputs.at(0).error.relative_l1, 0.0);
  EXPECT_TRUE(excuses->culprits[1].within);
}

TEST_F(Chain, SaysWhenTheTargetIsNotWhatTheModelComputes) {
  target_["c"] = {81, 160};
  const BlameProblem problem = ProblemOf(runner_, reference_, target_);
  const auto excuses = ExcuseOneByOne(problem, {});
  ASSERT_TRUE(excuses.ok());
  EXPECT_EQ(excuses->unlike, 1U);
  EXPECT_EQ(excuses->first_unlike, 3U);
}

TEST_F(Chain, WithoutWhatTheInputBecameNobodyIsExcused) {
  target_.erase("a");
  const auto excuses = ExcuseOneByOne(ProblemOf(runner_, reference_, target_), {});
  ASSERT_TRUE(excuses.ok());
  EXPECT_THAT(excuses->impossible, ::testing::HasSubstr("'a'"));
  const auto layers = IsolateLayers(ProblemOf(runner_, reference_, target_));
  EXPECT_EQ(layers->at(0).blame, Blame::kUnknown);
  EXPECT_EQ(layers->at(1).blame, Blame::kBroken);
}

TEST_F(Chain, ALayerBehindNanIsNotJudged) {
  reference_["a"][1] = std::numeric_limits<float>::quiet_NaN();
  const auto layers = IsolateLayers(ProblemOf(runner_, reference_, target_));
  ASSERT_TRUE(layers.ok()) << layers.status().ToString();
  EXPECT_THAT(BlamesOf(*layers),
              ElementsAre(Blame::kUnknown, Blame::kUnknown, Blame::kInherited, Blame::kInherited));
  EXPECT_THAT(layers->at(1).reason, ::testing::HasSubstr("'a'"));
}

// The reference does not have b: a to c is one part, judged at c.
TEST_F(Chain, RunsWhatWasFusedAsOne) {
  reference_.erase("b");
  const auto layers = IsolateLayers(ProblemOf(runner_, reference_, target_));
  ASSERT_TRUE(layers.ok());
  ASSERT_EQ(layers->size(), 3U);
  EXPECT_THAT(layers->at(1).layers, ElementsAre(1, 2));
  EXPECT_EQ(layers->at(1).blame, Blame::kBroken);
  EXPECT_DOUBLE_EQ(layers->at(1).local->relative_l1.value(), 1.0 / 3);
}

TEST_F(Chain, ACancelledLookEnds) {
  BlameProblem problem = ProblemOf(runner_, reference_, target_);
  problem.cancel.Cancel();
  EXPECT_EQ(IsolateLayers(problem).status().code(), StatusCode::kCancelled);
}

// A right layer whose output has steps of 4: 3 and 5 both become 4. The floor is √2 / √34, the
// error (1 + 1) / 8 is beyond 0.1 and no more than rounding explains.
TEST(Blame, ALayerOfTooCoarseStepsIsCoarse) {
  HandRunner runner;
  const uint32_t a = runner.Tensor("a", 2);
  const uint32_t b = runner.Tensor("b", 2, 4);
  const uint32_t x = runner.Tensor("x", 2);
  runner.Add({x}, a, Times(1));
  runner.Add({a}, b, Times(1));
  runner.Change().inputs = {x};
  runner.Change().outputs = {b};
  const auto layers =
      IsolateLayers(ProblemOf(runner, {{"a", {3, 5}}, {"b", {3, 5}}}, {{"b", {4, 4}}}));
  ASSERT_TRUE(layers.ok());
  EXPECT_EQ(layers->at(1).blame, Blame::kCoarse);
  EXPECT_DOUBLE_EQ(layers->at(1).floor.value(), std::sqrt(2.0 / 34));
  EXPECT_DOUBLE_EQ(layers->at(1).local->relative_l1.value(), 0.25);
}

// y = u − v where u and v are nearly equal: steps of 1 in u and v are most of y. That the rounding
// of inputs explains it shows in the spread alone, for the output is not rounded.
TEST(Blame, WhatTheRoundingOfInputsDoesIsExpected) {
  HandRunner runner;
  Values u;
  Values v;
  Values y;
  for (int i = 0; i < 2000; ++i) {
    u.push_back(50.0F + static_cast<float>(i % 100) / 100.0F);
    v.push_back(-49.0F);
    y.push_back(u.back() + v.back());
  }
  const uint32_t tu = runner.Tensor("u", u.size(), 1);
  const uint32_t tv = runner.Tensor("v", v.size(), 1);
  const uint32_t ty = runner.Tensor("y", y.size());
  runner.Add({tu, tv}, ty, Plus());
  runner.Change().inputs = {};
  runner.Change().outputs = {ty};
  const auto layers = IsolateLayers(ProblemOf(runner, {{"u", u}, {"v", v}, {"y", y}}, {{"y", y}}));
  ASSERT_TRUE(layers.ok());
  EXPECT_EQ(layers->at(0).floor, 0.0);
  // y is 1 + f, f = 0 … 0.99. The nearest and the one by chance are different numbers with
  // probability min(f, 1 − f): 1/4 of a step² on the average.
  const double mean_y2 = 1 + 0.99 + 0.32835;
  EXPECT_NEAR(layers->at(0).expected.value(), std::sqrt(0.25 / mean_y2), 0.02);
  EXPECT_EQ(layers->at(0).blame, Blame::kCoarse);
}

TEST(QuantisedValues, RoundAndClamp) {
  const NetworkTensor tensor{"t", 0, 0.5, 10, 0, 255};
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_THAT(Stored(tensor, Values{0, 0.25F, 0.75F, -100, 1000, inf, -inf, nan}),
              ElementsAre(10, 10, 12, 0, 255, 255, 0, 10));
  EXPECT_THAT(Rounded(tensor, Values{0.3F}), ElementsAre(0.5F));
  const NetworkTensor real{"t", 0, 0, 0, 0, 0};
  EXPECT_THAT(Rounded(real, Values{0.3F}), ElementsAre(0.3F));
}

TEST(QuantisedValues, ChanceRoundsUpAsOftenAsTheValueIsNear) {
  const NetworkTensor tensor{"t", 0, 1, 0, -128, 127};
  const Values values(10000, 2.3F);
  const Values rounded = RoundedByChance(tensor, values, 7);
  EXPECT_EQ(rounded, RoundedByChance(tensor, values, 7));
  EXPECT_NE(rounded, RoundedByChance(tensor, values, 8));
  double ups = 0;
  for (const float value : rounded) {
    ASSERT_TRUE(value == 2 || value == 3) << value;
    ups += value == 3 ? 1 : 0;
  }
  EXPECT_NEAR(ups / 10000, 0.3, 0.02);  // four standard deviations
  EXPECT_THAT(RoundedByChance(tensor, Values(5, 4.0F), 1), ElementsAre(4, 4, 4, 4, 4));
}

// 300 is clamped to 127: 173 too little; so it becomes 173 less than that.
TEST(QuantisedValues, WhatClampingCutsOffIsTakenOffOnceMore) {
  const NetworkTensor tensor{"t", 0, 1, 0, -128, 127};
  EXPECT_THAT(RoundedByChance(tensor, Values{300, -150, 1000}, 1), ElementsAre(-46, -106, -128));
}

// x is 0 … 19, cut off at 7; y = x is not. Alone the layer gives Σ(x − 7)² = 12·13·25/6 = 650 for
// Σx² = 19·20·39/6 = 2470, all of it the range's doing. Going inside instead, the same is moved
// again, but for x from 23 on, which there are none.
TEST(Blame, ARangeThatCutsItsInputIsCoarseNotBroken) {
  HandRunner runner;
  Values x;
  for (int i = 0; i < 20; ++i) {
    x.push_back(static_cast<float>(i));
  }
  const uint32_t tx = runner.Tensor("x", x.size(), 1);
  const uint32_t ty = runner.Tensor("y", x.size());
  runner.Add({tx}, ty, Times(1));
  runner.Change().tensors[tx].high = 7;
  runner.Change().outputs = {ty};
  const auto layers = IsolateLayers(ProblemOf(runner, {{"x", x}, {"y", x}}, {{"y", x}}));
  ASSERT_TRUE(layers.ok());
  EXPECT_NEAR(layers->at(0).local->relative_l2.value(), std::sqrt(650.0 / 2470), 1e-6);
  EXPECT_NEAR(layers->at(0).expected.value(), std::sqrt(650.0 / 2470), 1e-6);
  EXPECT_EQ(layers->at(0).blame, Blame::kCoarse);
}

TEST(QuantisedValues, RelativeL2) {
  EXPECT_DOUBLE_EQ(RelativeL2(Values{1, 2}, Values{1, 4}, Values{3, 4}), 2.0 / 5);
  EXPECT_EQ(RelativeL2(Values{1}, Values{1}, Values{0}), 0);
  EXPECT_TRUE(std::isinf(RelativeL2(Values{1}, Values{2}, Values{0})));
}

}  // namespace
}  // namespace plumb::blame
