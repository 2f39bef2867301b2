#include "common/analysis/statistics.h"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "common/analysis/metrics.h"

namespace plumb::analysis {
namespace {

struct Pairs {
  std::vector<double> reference;
  std::vector<double> target;
  std::vector<double> difference;

  [[nodiscard]] PairSpan Span(size_t first, size_t count) const {
    return {std::span(reference).subspan(first, count),
            std::span(target).subspan(first, count),
            std::span(difference).subspan(first, count)};
  }
};

Pairs RandomPairs(size_t count) {
  Pairs pairs;
  std::mt19937 random(11);
  std::normal_distribution<double> normal;
  for (size_t i = 0; i < count; ++i) {
    pairs.reference.push_back(normal(random) * 1e3);
    pairs.target.push_back(pairs.reference.back() + normal(random));
    if (i % 997 == 5) {
      pairs.target.back() = std::numeric_limits<double>::quiet_NaN();
    }
    pairs.difference.push_back(pairs.target.back() - pairs.reference.back());
  }
  return pairs;
}

// The definition written down once more, element by element: block i / 4096, lane i mod 8.
double SquaredErrorByDefinition(const Pairs& pairs) {
  double total = 0;
  for (size_t begin = 0; begin < pairs.difference.size(); begin += 4096) {
    double lanes[8] = {};
    for (size_t i = begin; i < std::min(begin + 4096, pairs.difference.size()); ++i) {
      const double d = pairs.difference[i];
      lanes[i % 8] += std::isnan(d) ? 0 : d * d;
    }
    total += ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
             ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
  }
  return total;
}

TEST(ErrorStatistics, SumsInTheDocumentedOrder) {
  const Pairs pairs = RandomPairs(10'007);
  ErrorStatistics statistics({});
  statistics.Add(pairs.Span(0, 10'007));
  EXPECT_EQ(statistics.sums().squared_error, SquaredErrorByDefinition(pairs));
}

TEST(ErrorStatistics, BlocksComputedApartGiveTheSameBits) {
  const Pairs pairs = RandomPairs(3 * 4096 + 100);
  ErrorStatistics whole({});
  whole.Add(pairs.Span(0, 3 * 4096 + 100));
  ErrorStatistics merged({});
  for (size_t block = 0; block < 4; ++block) {
    BlockStatistics part(block * kBlockElements);
    const size_t count = block < 3 ? kBlockElements : 100;
    // A block may arrive in odd pieces, too.
    part.Add(pairs.Span(block * kBlockElements, 13), {});
    part.Add(pairs.Span(block * kBlockElements + 13, count - 13), {});
    merged.Append(part);
  }
  const Sums a = whole.sums();
  const Sums b = merged.sums();
  EXPECT_EQ(a.squared_error, b.squared_error);
  EXPECT_EQ(a.absolute_error, b.absolute_error);
  EXPECT_EQ(a.squared_reference, b.squared_reference);
  EXPECT_EQ(a.absolute_reference, b.absolute_reference);
  EXPECT_EQ(a.squared_target, b.squared_target);
  EXPECT_EQ(a.product, b.product);
  EXPECT_EQ(whole.tally().max_abs_error_index, merged.tally().max_abs_error_index);
  EXPECT_EQ(whole.tally().nan_target, merged.tally().nan_target);
  EXPECT_EQ(whole.tally().finite_pairs, merged.tally().finite_pairs);
}

TEST(ErrorStatistics, EqualPairsStillSumTheReference) {
  const std::vector<double> values = {3, -4};
  const std::vector<double> zeros = {0, 0};
  ErrorStatistics statistics({});
  statistics.Add({values, values, zeros});
  EXPECT_EQ(statistics.sums().squared_reference, 25);
  EXPECT_EQ(statistics.sums().absolute_reference, 7);
  EXPECT_EQ(statistics.sums().squared_target, 25);
  EXPECT_EQ(statistics.sums().product, 25);
  EXPECT_EQ(statistics.sums().squared_error, 0);
}

}  // namespace
}  // namespace plumb::analysis
