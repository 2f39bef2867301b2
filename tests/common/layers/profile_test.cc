#include "common/layers/profile.h"

#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

namespace plumb::layers {
namespace {

LayerProfile ProfileOf(const std::vector<float>& reference,
                       const std::vector<float>& target,
                       const Shape& shape,
                       std::optional<QuantRange> range = std::nullopt) {
  ProfileBuilder builder(shape, shape.rank() - 1, range);
  builder.Add(std::span<const float>(reference), std::span<const float>(target));
  return builder.Finish();
}

constexpr size_t kMiddle = SignedHistogram::kPerSide;

// Bins by hand. The largest magnitude is 5, so all lie below 8 = 2^3; the bins of one side rise
// from 2^-9 in steps of half an octave: …, [1, 1.5) [1.5, 2) [2, 3) [3, 4) [4, 6) [6, 8).
TEST(Profile, BinsAreHalfOctavesOfEitherSign) {
  const LayerProfile profile =
      ProfileOf({5, -5, 1, 1.5, 3, 0, 1e-6F, -2}, {5, -5, 1, 1.5, 3, 0, 1e-6F, -1}, Shape{8});
  EXPECT_EQ(profile.count, 8U);
  EXPECT_EQ(profile.reference.top, 3);
  EXPECT_EQ(profile.target.top, 3);
  const auto& counts = profile.reference.counts;
  EXPECT_EQ(counts[kMiddle + 23], 1U);                 // 5 in [4, 6)
  EXPECT_EQ(counts[kMiddle - 23], 1U);                 // -5
  EXPECT_EQ(counts[kMiddle + 19], 1U);                 // 1 in [1, 1.5)
  EXPECT_EQ(counts[kMiddle + 20], 1U);                 // 1.5 in [1.5, 2)
  EXPECT_EQ(counts[kMiddle + 22], 1U);                 // 3 in [3, 4)
  EXPECT_EQ(counts[kMiddle - 21], 1U);                 // -2 in [2, 3)
  EXPECT_EQ(counts[kMiddle], 2U);                      // 0 and 1e-6, below 2^-9
  EXPECT_EQ(profile.target.counts[kMiddle - 19], 1U);  // -1
  // The one error is -1 - -2 = +1: the error's own top is 2^1, 1 is in [1, 1.5), its last but one.
  EXPECT_EQ(profile.error.top, 1);
  EXPECT_EQ(profile.error.counts[kMiddle + 23], 1U);
  EXPECT_EQ(profile.error.counts[kMiddle], 7U);
}

TEST(Profile, ErrorAgainstMagnitude) {
  const LayerProfile profile = ProfileOf({1, -1.5, 4, 5, 0}, {1.5, -1.5, 3, 7, 0.25}, Shape{5});
  const std::vector<MagnitudeBin> expected = {
      {0, 0x1p-9, 1, 0.25}, {1, 2, 2, 0.25}, {4, 8, 2, 1.5}};
  EXPECT_EQ(profile.by_magnitude, expected);
}

// Channels 0, 1, 2 of four places each. Σ|r|: 8, 4, 0.004; Σ|d|: 0.8, 1, 0.004.
TEST(Profile, WorstChannelAndTheOneWithMostError) {
  std::vector<float> reference;
  std::vector<float> target;
  for (int place = 0; place < 4; ++place) {
    reference.insert(reference.end(), {2, -1, 0.001F});
    target.insert(target.end(), {2.2F, -1.25F, 0.002F});
  }
  const LayerProfile profile = ProfileOf(reference, target, Shape{1, 2, 2, 3});
  EXPECT_EQ(profile.channels, 3U);
  ASSERT_TRUE(profile.worst && profile.heaviest);
  // Channel 2 is off by all of itself, but is nearly zero beside the others.
  EXPECT_EQ(profile.worst->index, 1U);
  EXPECT_NEAR(profile.worst->relative_l1, 0.25, 1e-6);
  EXPECT_NEAR(profile.worst->share, 1 / 1.804, 1e-6);
  EXPECT_EQ(profile.heaviest->index, 1U);

  ProfileBuilder first(Shape{1, 3, 2, 2}, 1, std::nullopt);  // the same with the channels first
  std::vector<float> r;
  std::vector<float> t;
  for (size_t channel = 0; channel < 3; ++channel) {
    for (size_t place = 0; place < 4; ++place) {
      r.push_back(reference[place * 3 + channel]);
      t.push_back(target[place * 3 + channel]);
    }
  }
  first.Add(std::span<const float>(r), std::span<const float>(t));
  EXPECT_EQ(first.Finish().worst->index, 1U);
  EXPECT_NEAR(first.Finish().worst->relative_l1, 0.25, 1e-6);
}

TEST(Profile, OneElementAChannelIsNoChannel) {
  EXPECT_EQ(ProfileOf({1, 2, 3}, {1, 2, 4}, Shape{1, 3}).channels, 0U);
  EXPECT_FALSE(ProfileOf({1, 2, 3}, {1, 2, 4}, Shape{1, 3}).worst);
}

// UINT8, scale 0.1, zero point 10: -1 … 24.5. Half a step is 0.05.
TEST(Profile, ValuesAgainstTheQuantisedRange) {
  const auto range = QuantRangeOf(0.1, 10, 8, false);
  ASSERT_TRUE(range);
  EXPECT_NEAR(range->low, -1, 1e-12);
  EXPECT_NEAR(range->high, 24.5, 1e-12);
  const LayerProfile profile = ProfileOf(
      {-1.04F, -1.06F, -7, 24.54F, 24.6F, 3}, {-1, -1, -0.9F, 24.5F, 24.5F, 3}, Shape{6}, range);
  EXPECT_EQ(profile.below_range, 2U);
  EXPECT_EQ(profile.above_range, 1U);
  EXPECT_EQ(profile.at_low, 2U);
  EXPECT_EQ(profile.at_high, 2U);

  EXPECT_EQ(QuantRangeOf(0.5, 0, 16, true)->low, -16384);
  EXPECT_EQ(QuantRangeOf(0.5, -128, 8, true)->low, 0);
  EXPECT_FALSE(QuantRangeOf(0, 0, 8, false));
  EXPECT_FALSE(QuantRangeOf(std::nan(""), 0, 8, false));
  EXPECT_FALSE(QuantRangeOf(1, 0, 32, true));
}

TEST(Profile, WhatIsNoNumberCountsNowhere) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const float nan = std::nanf("");
  const LayerProfile profile =
      ProfileOf({nan, 1, kInf, kInf, 3e38F, 2}, {1, nan, kInf, -kInf, -3e38F, 2}, Shape{1, 3, 2});
  EXPECT_EQ(profile.count, 1U);
  EXPECT_EQ(profile.reference.counts[kMiddle + 23], 1U);
  EXPECT_EQ(std::accumulate(profile.error.counts.begin(), profile.error.counts.end(), 0ULL), 1U);
  EXPECT_FALSE(profile.worst);
}

TEST(Profile, DependsOnTheElementsNotOnHowTheyAreCut) {
  std::vector<float> reference;
  std::vector<float> target;
  for (int i = 0; i < 30'000; ++i) {
    reference.push_back(static_cast<float>(std::sin(i) * 7));
    target.push_back(reference.back() + static_cast<float>(std::cos(3.7 * i) / 9));
  }
  const Shape shape{1, 100, 60, 5};
  const auto range = QuantRangeOf(0.05, 128, 8, false);
  const LayerProfile whole = ProfileOf(reference, target, shape, range);
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{2048}, size_t{9999}}) {
    for (const size_t axis : {size_t{1}, size_t{3}}) {
      ProfileBuilder at_once(shape, axis, range);
      at_once.Add(std::span<const float>(reference), std::span<const float>(target));
      ProfileBuilder cut(shape, axis, range);
      for (size_t first = 0; first < reference.size(); first += piece) {
        const size_t size = std::min(piece, reference.size() - first);
        cut.Add(std::span<const float>(reference).subspan(first, size),
                std::span<const float>(target).subspan(first, size));
      }
      EXPECT_EQ(cut.Finish(), at_once.Finish()) << piece << " " << axis;
    }
  }
  EXPECT_EQ(whole.count, 30'000U);
  EXPECT_GT(whole.above_range, 0U);
}

}  // namespace
}  // namespace plumb::layers
