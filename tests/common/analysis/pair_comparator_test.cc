#include "common/analysis/pair_comparator.h"

#include <cmath>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/common/analysis/tensors.h"

namespace plumb::analysis {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

TensorReport Compare(const Tensor& reference,
                     const Tensor& target,
                     const Tolerance& tolerance = {}) {
  auto report = CompareTensors(reference, target, tolerance);
  EXPECT_TRUE(report.ok()) << report.status().ToString();
  return report.ok() ? *report : TensorReport();
}

void ExpectNear(const std::optional<double>& actual, double expected, const char* what) {
  ASSERT_TRUE(actual) << what;
  EXPECT_NEAR(*actual, expected, std::abs(expected) * 1e-9) << what;
}

struct Row {
  std::vector<double> reference;
  std::vector<double> target;
  double mse, rmse, relative_l1, relative_l2, cosine, max_abs;
  uint64_t max_index;
};

// The ratios are written as fractions and roots, worked out by hand from the two lists; rounded to
// nine digits they are the table of docs/metrics.md.
const Row kRows[] = {
    {{1, 2, 3, 10},
     {4, 9, 6, 4},
     103.0 / 4,
     std::sqrt(103.0) / 2,
     19.0 / 16,
     std::sqrt(103.0 / 114),
     80 / std::sqrt(114.0 * 149),
     7,
     1},
    {{1, 2, 3},
     {1.1, 2, 3.1},
     0.02 / 3,
     std::sqrt(0.02 / 3),
     0.2 / 6,
     std::sqrt(0.02 / 14),
     14.4 / std::sqrt(14 * 14.82),
     0.1,
     0},
    {{1, 2, 3}, {2, 4, 6}, 14.0 / 3, std::sqrt(14.0 / 3), 1, 1, 1, 3, 2},
    {{0, 1, 2, 3},
     {0.15, 1.25, 2.5, 3.75},
     0.224375,
     std::sqrt(0.224375),
     0.275,
     std::sqrt(0.8975 / 14),
     17.5 / std::sqrt(14 * 21.8975),
     0.75,
     3},
};

TEST(PairComparator, GivesEveryRowOfTheTableOfKnownAnswers) {
  for (const Row& row : kRows) {
    const auto report = Compare(Doubles(row.reference), Doubles(row.target));
    ExpectNear(report.mse, row.mse, "mse");
    ExpectNear(report.rmse, row.rmse, "rmse");
    ExpectNear(report.relative_l1, row.relative_l1, "rel_l1");
    ExpectNear(report.relative_l2, row.relative_l2, "rel_l2");
    ExpectNear(report.cosine, row.cosine, "cosine");
    ExpectNear(report.max_abs_error, row.max_abs, "max_abs_error");
    const auto [low, high] = std::minmax_element(row.reference.begin(), row.reference.end());
    ExpectNear(report.nrmse, row.rmse / (*high - *low), "nrmse");
    ExpectNear(report.sqnr_db, -20 * std::log10(row.relative_l2), "sqnr_db");
    EXPECT_EQ(report.verdict, Verdict::kMismatch);
    EXPECT_EQ(report.rule, "different_elements > 0");
    EXPECT_FALSE(report.equal);
  }
}

TEST(PairComparator, AgreesWithTheNineDigitsOfTheSpecification) {
  struct Digits {
    double rmse, relative_l1, relative_l2, cosine;
  };

  const Digits printed[] = {{5.07444578, 1.1875, 0.950530784, 0.613824795},
                            {0.0816496581, 0.0333333333, 0.0377964473, 0.999710774},
                            {2.1602469, 1, 1, 1},
                            {0.473682383, 0.275, 0.253193884, 0.999486111}};
  for (size_t i = 0; i < std::size(printed); ++i) {
    const auto report = Compare(Doubles(kRows[i].reference), Doubles(kRows[i].target));
    EXPECT_NEAR(report.rmse.value_or(-1), printed[i].rmse, 5e-9);
    EXPECT_NEAR(report.relative_l1.value_or(-1), printed[i].relative_l1, 5e-10);
    EXPECT_NEAR(report.relative_l2.value_or(-1), printed[i].relative_l2, 5e-10);
    EXPECT_NEAR(report.cosine.value_or(-1), printed[i].cosine, 5e-10);
  }
}

TEST(PairComparator, FindsTheLargestAndTheFirstDifference) {
  const auto report = Compare(Doubles({1, 2, 3, 10, 5}), Doubles({1, 9, 6, 3, 5}));
  EXPECT_EQ(report.max_abs_error_index, 1U) << "the first of two differences of 7";
  EXPECT_EQ(report.first_difference_index, 1U);
  EXPECT_EQ(report.first_difference_reference, 2.0);
  EXPECT_EQ(report.first_difference_target, 9.0);
  EXPECT_EQ(report.different_elements, 3U);
}

TEST(PairComparator, EqualTensorsMatchWithoutAnSqnr) {
  const auto report = Compare(Doubles({1, -2, 0}), Doubles({1, -2, -0.0}));
  EXPECT_EQ(report.verdict, Verdict::kMatch) << "-0 equals +0";
  EXPECT_TRUE(report.equal);
  EXPECT_EQ(report.mse, 0.0);
  EXPECT_EQ(report.cosine, 1.0);
  EXPECT_EQ(report.relative_l1, 0.0);
  EXPECT_EQ(report.max_abs_error, 0.0);
  EXPECT_EQ(report.max_abs_error_index, 0U);
  EXPECT_EQ(report.sqnr_db, std::nullopt);
  EXPECT_EQ(report.first_difference_index, std::nullopt);
}

TEST(PairComparator, ZeroReferenceHasNoRelativeErrorAndNoCosine) {
  const auto report = Compare(Doubles({0, 0}), Doubles({0, 1}));
  EXPECT_EQ(report.verdict, Verdict::kMismatch);
  EXPECT_EQ(report.relative_l1, std::nullopt);
  EXPECT_EQ(report.relative_l2, std::nullopt);
  EXPECT_EQ(report.cosine, std::nullopt);
  EXPECT_EQ(report.nrmse, std::nullopt);
  EXPECT_EQ(report.sqnr_db, std::nullopt);
  EXPECT_EQ(report.mse, 0.5);
  EXPECT_THAT(report.reason, testing::HasSubstr("the reference is all zeros"));
}

TEST(PairComparator, ZeroTargetHasNoCosine) {
  const auto report = Compare(Doubles({0, 2}), Doubles({0, 0}));
  EXPECT_EQ(report.cosine, std::nullopt);
  EXPECT_EQ(report.relative_l1, 1.0);
  EXPECT_THAT(report.reason, testing::HasSubstr("the target is all zeros"));
}

TEST(PairComparator, BothZeroIsACosineOfOne) {
  const auto report = Compare(Doubles({0, 0}), Doubles({0, 0}));
  EXPECT_EQ(report.verdict, Verdict::kMatch);
  EXPECT_EQ(report.cosine, 1.0);
  EXPECT_EQ(report.relative_l1, 0.0);
  EXPECT_EQ(report.relative_l2, 0.0);
  EXPECT_EQ(report.nrmse, 0.0);
}

TEST(PairComparator, ConstantReferenceHasNoNrmse) {
  const auto report = Compare(Doubles({5, 5}), Doubles({5, 6}));
  EXPECT_EQ(report.nrmse, std::nullopt);
  EXPECT_THAT(report.reason, testing::HasSubstr("the reference is constant"));
}

TEST(PairComparator, CosineNeverLeavesItsRange) {
  std::vector<double> values(1000);
  std::iota(values.begin(), values.end(), 0.1);
  std::vector<double> scaled = values;
  for (auto& value : scaled) {
    value *= -1e-3;
  }
  const auto report = Compare(Doubles(values), Doubles(scaled));
  ASSERT_TRUE(report.cosine);
  EXPECT_GE(*report.cosine, -1);
  EXPECT_NEAR(*report.cosine, -1, 1e-12);
}

TEST(PairComparator, NanOnOneSideIsLocatedAndLeftOutOfTheSums) {
  const auto report = Compare(Doubles({1, 2, 3}), Doubles({1, kNan, 5}));
  EXPECT_EQ(report.verdict, Verdict::kMismatch);
  EXPECT_EQ(report.rule, "nan or inf on one side");
  EXPECT_EQ(report.nan_reference, 0U);
  EXPECT_EQ(report.nan_target, 1U);
  EXPECT_EQ(report.first_nonfinite_mismatch_index, 1U);
  EXPECT_EQ(report.first_difference_index, 1U);
  EXPECT_EQ(report.different_elements, 2U);
  EXPECT_EQ(report.mse, 2.0) << "(0 + 4) / 2: the pair with the NaN is not in it";
  EXPECT_EQ(report.count, 3U);
}

TEST(PairComparator, NanWithNanAndInfOfEqualSignMatch) {
  const auto report = Compare(Doubles({kNan, kInf, -kInf, 1}), Doubles({kNan, kInf, -kInf, 1}));
  EXPECT_EQ(report.verdict, Verdict::kMatch);
  EXPECT_EQ(report.nan_reference, 1U);
  EXPECT_EQ(report.nan_target, 1U);
  EXPECT_EQ(report.inf_reference, 2U);
  EXPECT_EQ(report.inf_target, 2U);
  EXPECT_EQ(report.mse, 0.0);
}

TEST(PairComparator, InfOfOtherSignIsAMismatch) {
  const auto report = Compare(Doubles({kInf}), Doubles({-kInf}));
  EXPECT_EQ(report.verdict, Verdict::kMismatch);
  EXPECT_EQ(report.mse, std::nullopt) << "no finite pair";
  EXPECT_EQ(report.first_nonfinite_mismatch_index, 0U);
}

TEST(PairComparator, OnlyAgreeingNansMatchWithoutNumbers) {
  Tolerance loose;
  loose.min_cosine = 0.99;
  const auto report = Compare(Doubles({kNan, kNan}), Doubles({kNan, kNan}), loose);
  EXPECT_EQ(report.verdict, Verdict::kMatch);
  EXPECT_EQ(report.cosine, std::nullopt);
  EXPECT_THAT(report.reason, testing::HasSubstr("no pair of finite values"));
}

TEST(PairComparator, NumbersTooLargeForADoubleAreNullNotInf) {
  const auto report = Compare(Doubles({1e200, 1}), Doubles({-1e200, 1}));
  EXPECT_EQ(report.verdict, Verdict::kMismatch);
  EXPECT_EQ(report.mse, std::nullopt);
  EXPECT_EQ(report.cosine, std::nullopt);
  EXPECT_EQ(report.max_abs_error, 2e200);
  EXPECT_THAT(report.reason, testing::HasSubstr("beyond what a double holds"));
}

TEST(PairComparator, EmptyTensorIsNotCompared) {
  const auto report = Compare(Doubles({}), Doubles({}));
  EXPECT_EQ(report.verdict, Verdict::kNotCompared);
  EXPECT_EQ(report.count, 0U);
  EXPECT_EQ(report.mse, std::nullopt);
}

TEST(PairComparator, OtherShapeIsAMismatchWithoutNumbers) {
  const auto report = Compare(MakeTensor<float>(ElementType::kFloat32, {2, 3}, {1, 2, 3, 4, 5, 6}),
                              MakeTensor<float>(ElementType::kFloat32, {3, 2}, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(report.verdict, Verdict::kMismatch);
  EXPECT_EQ(report.mse, std::nullopt);
  EXPECT_THAT(report.reason, testing::HasSubstr("reference [2x3], target [3x2]"));
}

TEST(PairComparator, CountsDifferencesInStepsOfTheTargetsScale) {
  const auto report = Compare(Shorts({1, 6}, {0, 10, 20, 30, 40, 50}, 0.25F),
                              Shorts({1, 6}, {0, 11, 18, 30, 240, 20}, 0.25F));
  EXPECT_EQ(report.max_lsb_error, 200.0);
  EXPECT_EQ(report.max_abs_error, 50.0);
  ASSERT_TRUE(report.lsb_histogram);
  const auto& steps = report.lsb_histogram->steps;
  EXPECT_EQ(steps[LsbHistogram::kReach], 2U);
  EXPECT_EQ(steps[LsbHistogram::kReach + 1], 1U);
  EXPECT_EQ(steps[LsbHistogram::kReach - 2], 1U);
  EXPECT_EQ(report.lsb_histogram->above, 1U);
  EXPECT_EQ(report.lsb_histogram->below, 1U);
}

TEST(PairComparator, FloatsHaveNoLsb) {
  const auto report = Compare(Floats({1}), Floats({2}));
  EXPECT_EQ(report.max_lsb_error, std::nullopt);
  EXPECT_EQ(report.lsb_histogram, std::nullopt);
}

TEST(PairComparator, ComparesIntegersWithFloatsByTheirRealValues) {
  Tensor reference = Shorts({4}, {0, 2, 4, -6}, 0.5F);
  reference.desc.zero_point = 2;
  const auto report = Compare(reference, Floats({-1, 0, 1, -4}));
  EXPECT_EQ(report.verdict, Verdict::kMatch);
  EXPECT_EQ(report.max_lsb_error, 0.0) << "the reference has a scale";
}

TEST(PairComparator, ScaledIntegersOfEqualRealValueMatch) {
  EXPECT_EQ(Compare(Shorts({2}, {2, 4}, 0.5F), Shorts({2}, {1, 2}, 1.0F)).verdict, Verdict::kMatch);
  EXPECT_EQ(Compare(Shorts({2}, {2, 4}, 0.5F), Shorts({2}, {2, 4}, 1.0F)).verdict,
            Verdict::kMismatch);
}

TEST(PairComparator, TellsIntegersApartThatAreOneDouble) {
  const int64_t large = int64_t{1} << 60;
  const auto report = Compare(MakeTensor<int64_t>(ElementType::kInt64, {2}, {large, large}),
                              MakeTensor<int64_t>(ElementType::kInt64, {2}, {large, large + 1}));
  EXPECT_EQ(report.verdict, Verdict::kMismatch);
  EXPECT_EQ(report.different_elements, 1U);
  EXPECT_EQ(report.max_abs_error, 1.0);
  EXPECT_EQ(report.max_abs_error_index, 1U);
}

TEST(PairComparator, CountsSaturatedElements) {
  const auto report = Compare(MakeTensor<uint8_t>(ElementType::kUint8, {4}, {0, 1, 254, 255}),
                              MakeTensor<uint8_t>(ElementType::kUint8, {4}, {0, 1, 255, 255}));
  EXPECT_EQ(report.saturated_reference, 2U);
  EXPECT_EQ(report.saturated_target, 3U);
}

TEST(PairComparator, NeverLooksAtPadding) {
  const Tensor plain = Shorts({13, 13, 5}, RandomShorts(13 * 13 * 5, 1), 0.5F);
  const auto report = Compare(WithPoisonedPadding(plain, 16, 2), WithPoisonedPadding(plain, 32, 3));
  EXPECT_EQ(report.verdict, Verdict::kMatch);
  EXPECT_EQ(report.count, 845U);
  EXPECT_EQ(Compare(plain, WithPoisonedPadding(plain, 4096, 4)).verdict, Verdict::kMatch);
}

TEST(PairComparator, SeesOneChangedValueAmongPadding) {
  auto values = RandomShorts(13 * 5, 1);
  const Tensor reference = Shorts({13, 5}, values, 0.5F);
  values[64] = static_cast<int16_t>(values[64] + 1);
  const auto report = Compare(WithPoisonedPadding(reference, 16, 2),
                              WithPoisonedPadding(Shorts({13, 5}, values, 0.5F), 16, 3));
  EXPECT_EQ(report.different_elements, 1U);
  EXPECT_EQ(report.first_difference_index, 64U);
}

TEST(PairComparator, RefusesImpossibleDescriptors) {
  Tensor bad = Floats({1, 2, 3});
  bad.desc.aligned_size = 8;
  EXPECT_EQ(CompareTensors(bad, Floats({1, 2, 3}), {}).status().code(),
            StatusCode::kInvalidArgument);
  Tensor cut = Floats({1, 2, 3});
  cut.bytes = cut.bytes.Slice(0, 8);
  EXPECT_EQ(CompareTensors(Floats({1, 2, 3}), cut, {}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(PairComparator, GivenLimitsReplaceEqualityAndMustAllHold) {
  const Tensor reference = Doubles({1, 2, 3});
  const Tensor target = Doubles({1.1, 2, 3.1});
  Tolerance tolerance;
  tolerance.max_relative_l1 = 0.04;
  EXPECT_EQ(Compare(reference, target, tolerance).verdict, Verdict::kMatch);
  tolerance.min_cosine = 0.9999;
  const auto report = Compare(reference, target, tolerance);
  EXPECT_EQ(report.verdict, Verdict::kMismatch);
  EXPECT_EQ(report.rule, "cosine < 0.9999");
}

TEST(PairComparator, ElementwiseLimitIsAbsolutePlusRelative) {
  Tolerance tolerance;
  tolerance.atol = 0.5;
  tolerance.rtol = 0.25;
  // Allowed: 0.5 + 0.25 * |r| = 0.75, 1.5.
  EXPECT_EQ(Compare(Doubles({1, -4}), Doubles({1.75, -5.5}), tolerance).verdict, Verdict::kMatch);
  const auto report = Compare(Doubles({1, -4}), Doubles({1.75, -5.625}), tolerance);
  EXPECT_EQ(report.verdict, Verdict::kMismatch);
  EXPECT_EQ(report.over_tolerance, 1U);
  EXPECT_EQ(report.rule, "|d| > 0.5 + 0.25*|r|");
}

TEST(PairComparator, NoLimitExcusesANanOnOneSide) {
  Tolerance tolerance;
  tolerance.atol = 1e9;
  EXPECT_EQ(Compare(Doubles({1, 2}), Doubles({1, kNan}), tolerance).verdict, Verdict::kMismatch);
}

// Every double of the report, for comparing to the last bit.
std::vector<std::optional<double>> Numbers(const TensorReport& report) {
  return {report.mse,
          report.rmse,
          report.nrmse,
          report.relative_l1,
          report.relative_l2,
          report.cosine,
          report.sqnr_db,
          report.max_abs_error,
          report.max_lsb_error,
          report.reference_min,
          report.target_max};
}

TEST(PairComparator, DigitsDoNotDependOnHowBytesArrive) {
  const Shape shape{3, 41, 101};
  const auto values = RandomShorts(3 * 41 * 101, 5);
  auto changed = values;
  for (size_t i = 0; i < changed.size(); i += 3) {
    changed[i] = static_cast<int16_t>(changed[i] + static_cast<int>(i % 7) - 3);
  }
  const Tensor reference = Shorts(shape, values, 0.0037F);
  const Tensor target = WithPoisonedPadding(Shorts(shape, changed, 0.0037F), 208, 6);
  const auto whole = Compare(reference, target);
  EXPECT_GT(whole.different_elements, 0U);
  for (const uint32_t seed : {1U, 2U, 3U}) {
    auto comparator = PairComparator::Create(reference.desc, target.desc, {});
    ASSERT_TRUE(comparator.ok());
    std::mt19937 random(seed);
    LegBytes a{0, ReadFrom(reference.bytes.span())};
    LegBytes b{0, ReadFrom(target.bytes.span())};
    while (!comparator->complete()) {
      a.available = std::min<uint64_t>(reference.bytes.size(), a.available + random() % 3000);
      b.available = std::min<uint64_t>(target.bytes.size(), b.available + random() % 5000);
      ASSERT_TRUE(comparator->Advance(a, b).ok());
    }
    EXPECT_EQ(Numbers(comparator->Report()), Numbers(whole));
    EXPECT_EQ(comparator->Report().different_elements, whole.different_elements);
  }
}

TEST(PairComparator, TellsAMismatchBeforeAllBytesAreThere) {
  const Tensor reference = Floats({1, 2, 3, 4});
  const Tensor target = Floats({1, 5, 3, 4});
  auto comparator = PairComparator::Create(reference.desc, target.desc, {});
  ASSERT_TRUE(comparator.ok());
  ASSERT_TRUE(
      comparator
          ->Advance({16, ReadFrom(reference.bytes.span())}, {6, ReadFrom(target.bytes.span())})
          .ok());
  EXPECT_EQ(comparator->compared(), 1U) << "half a value is not compared";
  EXPECT_EQ(comparator->Report().verdict, Verdict::kNotCompared);
  ASSERT_TRUE(
      comparator
          ->Advance({16, ReadFrom(reference.bytes.span())}, {8, ReadFrom(target.bytes.span())})
          .ok());
  EXPECT_EQ(comparator->Report().verdict, Verdict::kMismatch);
  EXPECT_FALSE(comparator->complete());
}

TEST(PairComparator, RefusesValuesOutOfOrder) {
  const Tensor tensor = Floats({1, 2, 3, 4});
  auto comparator = PairComparator::Create(tensor.desc, tensor.desc, {});
  ASSERT_TRUE(comparator.ok());
  const auto bytes = tensor.bytes.span();
  EXPECT_FALSE(comparator->Compare(1, bytes.first(4), bytes.first(4)).ok());
  EXPECT_FALSE(comparator->Compare(0, bytes.first(4), bytes.first(8)).ok());
  EXPECT_FALSE(comparator->Compare(0, bytes.first(3), bytes.first(3)).ok());
  EXPECT_TRUE(comparator->Compare(0, bytes, bytes).ok());
  EXPECT_FALSE(comparator->Compare(4, bytes.first(4), bytes.first(4)).ok());
}

TEST(PairComparator, PassesOnAReadersError) {
  const Tensor tensor = Floats({1, 2, 3, 4});
  auto comparator = PairComparator::Create(tensor.desc, tensor.desc, {});
  ASSERT_TRUE(comparator.ok());
  const LegBytes good{16, ReadFrom(tensor.bytes.span())};
  const LegBytes bad{16, [](uint64_t, std::span<uint8_t>) { return DataLossError("gone"); }};
  EXPECT_EQ(comparator->Advance(good, bad).code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace plumb::analysis
