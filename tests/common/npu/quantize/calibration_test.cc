#include "common/npu/quantize/calibration.h"

#include <cmath>

#include <gmock/gmock.h>

#include "tests/support/graph_builder.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::GraphBuilder;
using ::testing::HasSubstr;

Histogram HistogramOf(const std::vector<float>& values) {
  Histogram histogram;
  histogram.Add(values);
  return histogram;
}

// `count` times `value`.
std::vector<float> Times(size_t count, float value) {
  return std::vector<float>(count, value);
}

std::vector<float> operator+(std::vector<float> a, const std::vector<float>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(Histogram, TakesTheLeastWidthThatHoldsAll) {
  // floor(2047 / 1) = 2047 is the last bin; 2048 needs bins of width 2.
  EXPECT_EQ(HistogramOf({2047.5F}).width(), 1);
  EXPECT_EQ(HistogramOf({2048}).width(), 2);
  EXPECT_EQ(HistogramOf({-2048}).width(), 1);
  const Histogram histogram = HistogramOf({-2048, -0.5F, 0, 0.999F, 1, 2047});
  EXPECT_EQ(histogram.count(-2048), 1U);
  EXPECT_EQ(histogram.count(-1), 1U);
  EXPECT_EQ(histogram.count(0), 2U);
  EXPECT_EQ(histogram.count(1), 1U);
  EXPECT_EQ(histogram.count(2047), 1U);
  EXPECT_EQ(histogram.total(), 6U);
  EXPECT_EQ(histogram.low(), -2048);
  EXPECT_EQ(histogram.high(), 2047);
}

TEST(Histogram, IsTheSameInWhicheverOrderAndPieces) {
  std::vector<float> values;
  for (int i = 0; i < 3000; ++i) {
    values.push_back(std::ldexp(static_cast<float>((i * 7919) % 2001 - 1000), i % 23 - 11));
  }
  const Histogram whole = HistogramOf(values);
  Histogram pieces;
  Histogram merged;
  for (size_t i = values.size(); i > 0; i -= 100) {
    const std::span<const float> piece(values.data() + i - 100, 100);
    pieces.Add(piece);
    Histogram one;
    one.Add(piece);
    merged.Merge(one);
  }
  for (const Histogram* other : {&pieces, &merged}) {
    EXPECT_EQ(other->width(), whole.width());
    EXPECT_EQ(other->low(), whole.low());
    EXPECT_EQ(other->high(), whole.high());
    for (int64_t bin = -Histogram::kSide; bin < Histogram::kSide; ++bin) {
      ASSERT_EQ(other->count(bin), whole.count(bin)) << bin;
    }
  }
}

TEST(Histogram, HoldsTheLargestAndTheSmallestFloats) {
  const Histogram histogram = HistogramOf({3.4e38F, -3.4e38F, 1e-45F, 0});
  EXPECT_EQ(histogram.total(), 4U);
  EXPECT_EQ(histogram.count(0), 2U);
}

TEST(PercentileRange, CutsHalfOfTheRestAtEachEnd) {
  // 1000 values in bins of width 1 (2047 fixes it). 99 percent keeps 990: at most 5 a side.
  const Histogram histogram = HistogramOf(Times(5, -100) + Times(1, -50) + Times(900, 0.5F) +
                                          Times(89, 7.5F) + Times(2, 30) + Times(3, 2047));
  ASSERT_EQ(histogram.width(), 1);
  const ValueRange range = PercentileRange(histogram, 99);
  EXPECT_EQ(range.low, -50);
  // The 5 values at 2047 and 30 go; the outer edge of the bin of 7.5 is 8.
  EXPECT_EQ(range.high, 8);
  const ValueRange all = PercentileRange(histogram, 100);
  EXPECT_EQ(all.low, -100);
  EXPECT_EQ(all.high, 2047);
  EXPECT_FALSE(PercentileRange(Histogram(), 99).seen);
}

// Values in bins 0 to 255 and a lone one in bin 2000. Between them no bound can be, because the bin
// at the bound would be empty; with the bound at 256 each of the 256 stretches is one bin.
TEST(KlRange, LeavesOutALoneValue) {
  std::vector<float> values;
  for (int i = 0; i < 256; ++i) {
    values = std::move(values) +
             Times(static_cast<size_t>(1000 + (i * 37) % 101), static_cast<float>(i) + 0.5F);
  }
  const ValueRange clean = KlRange(HistogramOf(values));
  EXPECT_EQ(clean.high, 255.5F);
  values.push_back(2000);
  const ValueRange range = KlRange(HistogramOf(values));
  EXPECT_EQ(range.low, 0.5F) << "no value is below";
  EXPECT_EQ(range.high, 256);
}

// With one value in each of 2048 bins Q equals P in shape for every bound; what lies beyond is all
// that tells them apart, so nothing is cut.
TEST(KlRange, KeepsAnEvenDistributionWhole) {
  std::vector<float> values;
  for (int i = -2048; i < 2048; ++i) {
    values.push_back(static_cast<float>(i) + 0.5F);
  }
  const ValueRange range = KlRange(HistogramOf(values));
  EXPECT_EQ(range.low, -2047.5F);
  EXPECT_EQ(range.high, 2047.5F);
}

// 100,000 values between 0 and 300 and one at 2000. Clipping to α · 2000 costs (1 − α)² · 4,000,000
// for the one and leaves steps of α · 7.84, whose square over 12 is the mean error of the many: the
// least of 512,000 · α² + 4,000,000 · (1 − α)² is at α = 4,000,000 / 4,512,000 = 0.887.
TEST(MseRange, WeighsClippingAgainstSteps) {
  std::vector<float> values;
  for (int i = 0; i < 100000; ++i) {
    values.push_back(static_cast<float>(i) / 100000 * 300);
  }
  values.push_back(2000);
  const ValueRange range = MseRange(HistogramOf(values));
  EXPECT_EQ(range.low, 0);
  EXPECT_NEAR(static_cast<double>(range.high), 0.887 * 2000, 0.08 * 2000);
}

TEST(MseRange, KeepsAnEvenDistributionWhole) {
  std::vector<float> values;
  for (int i = 0; i < 2048; ++i) {
    values.push_back(static_cast<float>(i));
  }
  EXPECT_EQ(MseRange(HistogramOf(values)).high, 2047);
}

// x → RELU.
std::shared_ptr<const Graph> ReluNetwork() {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 2});
  const uint32_t y = builder.Op(OpKind::kRelu, {x}, {1, 2});
  return std::make_shared<const Graph>(builder.Build({y}));
}

CalibrationRanges RangesOf(const CalibrationOptions& options,
                           const std::vector<std::vector<float>>& samples) {
  auto calibrator = Calibrator::Create(ReluNetwork(), options);
  EXPECT_TRUE(calibrator.ok()) << calibrator.status().ToString();
  for (const std::vector<float>& sample : samples) {
    const Status added = calibrator->Add(std::vector<std::vector<float>>{sample});
    EXPECT_TRUE(added.ok()) << added.ToString();
  }
  return calibrator->ranges();
}

TEST(Calibrator, MovesTheAverageByATenth) {
  const CalibrationRanges ranges =
      RangesOf({CalibrationMethod::kMovingAverage}, {{-1, 2}, {-2, 4}, {-1, 2}});
  // −1 → −1.1 → −1.09; 2 → 2.2 → 2.18.
  EXPECT_FLOAT_EQ(ranges.tensors[0].low, -1.09F);
  EXPECT_FLOAT_EQ(ranges.tensors[0].high, 2.18F);
  EXPECT_FLOAT_EQ(ranges.tensors[1].low, 0);
  EXPECT_TRUE(ranges.wide.empty());
}

TEST(Calibrator, Int16TakesMinimaAndMaximaWhereBinsAreTooCoarse) {
  const std::vector<std::vector<float>> samples = {{-1, 2}, {-2, 4}};
  for (const auto method : {CalibrationMethod::kKl, CalibrationMethod::kMse}) {
    const CalibrationRanges ranges = RangesOf({method}, samples);
    ASSERT_EQ(ranges.wide.size(), 2U);
    EXPECT_EQ(ranges.wide[0], (ValueRange{-2, 4, true}));
    EXPECT_EQ(ranges.wide[1], (ValueRange{0, 4, true}));
  }
}

TEST(Calibrator, RefusesAPercentileThatIsNone) {
  for (const double percentile : {50.0, 100.5, std::nan("")}) {
    const Status status =
        Calibrator::Create(ReluNetwork(), {CalibrationMethod::kPercentile, percentile}).status();
    EXPECT_THAT(status.message(), HasSubstr("percentile"));
  }
}

TEST(CalibrationMethod, HasAName) {
  for (const char* name : {"minmax", "percentile", "kl", "mse", "moving-average"}) {
    const auto method = ParseCalibrationMethod(name);
    ASSERT_TRUE(method.has_value()) << name;
    EXPECT_EQ(CalibrationMethodName(*method), name);
  }
  EXPECT_FALSE(ParseCalibrationMethod("entropy").has_value());
}

}  // namespace
}  // namespace plumb::npu
