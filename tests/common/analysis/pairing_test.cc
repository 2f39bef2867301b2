#include "common/analysis/pairing.h"

#include <gtest/gtest.h>

namespace plumb::analysis {
namespace {

using Names = std::vector<std::string>;
using Pairs = std::vector<std::pair<size_t, size_t>>;

TEST(PairByName, FindsWhatBothHaveAndNamesWhatOneLacks) {
  const auto pairing = PairByName({"a", "b", "c"}, {"c", "x", "a"});
  EXPECT_EQ(pairing.pairs, (Pairs{{2, 0}, {0, 2}}));
  EXPECT_EQ(pairing.coverage.matched, 2U);
  EXPECT_EQ(pairing.coverage.missing_in_target, Names{"b"});
  EXPECT_EQ(pairing.coverage.missing_in_reference, Names{"x"});
  EXPECT_TRUE(pairing.coverage.duplicate.empty());
}

TEST(PairByName, NamesDuplicatesOnceAndComparesTheFirst) {
  const auto pairing = PairByName({"a", "a", "a"}, {"b", "a", "b"});
  EXPECT_EQ(pairing.pairs, (Pairs{{0, 1}}));
  EXPECT_EQ(pairing.coverage.duplicate, (Names{"a", "b"}));
  EXPECT_EQ(pairing.coverage.missing_in_reference, Names{"b"});
}

TEST(PairByName, TwoSingleTensorsArePairedWhateverTheirNames) {
  EXPECT_EQ(PairByName({"a"}, {"b"}).pairs, (Pairs{{0, 0}}));
  EXPECT_TRUE(PairByName({"a"}, {"b", "c"}).pairs.empty());
}

TEST(PairByIndex, LeavesTheRestMissing) {
  const auto pairing = PairByIndex({"a", "b", "c"}, {"x"});
  EXPECT_EQ(pairing.pairs, (Pairs{{0, 0}}));
  EXPECT_EQ(pairing.coverage.missing_in_target, (Names{"b", "c"}));
  EXPECT_EQ(pairing.coverage.matched, 1U);
}

}  // namespace
}  // namespace plumb::analysis
