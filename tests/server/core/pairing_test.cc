#include "server/core/pairing.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<TensorDesc> Named(const std::vector<std::string>& names) {
  std::vector<TensorDesc> descs;
  for (const std::string& name : names) {
    descs.emplace_back();
    descs.back().name = name;
  }
  return descs;
}

TEST(PairOutputsTest, PairsEqualListsInOrder) {
  const Pairing pairing = PairOutputs(Named({"a", "b"}), Named({"a", "b"}));
  EXPECT_THAT(pairing.pairs, ElementsAre(OutputPair{0, 0}, OutputPair{1, 1}));
  EXPECT_EQ(pairing.coverage.matched, 2U);
  EXPECT_THAT(pairing.coverage.missing_in_target, IsEmpty());
}

TEST(PairOutputsTest, AnotherOrderIsFollowedByName) {
  const Pairing pairing = PairOutputs(Named({"a", "b", "c"}), Named({"c", "a", "b"}));
  EXPECT_THAT(pairing.pairs, ElementsAre(OutputPair{2, 0}, OutputPair{0, 1}, OutputPair{1, 2}));
}

TEST(PairOutputsTest, OtherNamesAreFollowedByIndex) {
  const Pairing pairing = PairOutputs(Named({"scores", "x"}), Named({"scores_vendor", "x"}));
  EXPECT_THAT(pairing.pairs, ElementsAre(OutputPair{0, 0}, OutputPair{1, 1}));
}

TEST(PairOutputsTest, WhatHasNoPartnerIsMissing) {
  const Pairing fewer = PairOutputs(Named({"a", "b", "c"}), Named({"a", "c"}));
  EXPECT_THAT(fewer.pairs, ElementsAre(OutputPair{0, 0}, OutputPair{2, 1}));
  EXPECT_THAT(fewer.coverage.missing_in_target, ElementsAre("b"));
  const Pairing more = PairOutputs(Named({"a"}), Named({"a", "extra"}));
  EXPECT_THAT(more.coverage.missing_in_reference, ElementsAre("extra"));
}

TEST(PairOutputsTest, ANameThatComesTwiceIsPairedInPlaceAndTold) {
  const Pairing pairing = PairOutputs(Named({"a", "a"}), Named({"a", "a"}));
  EXPECT_THAT(pairing.pairs, ElementsAre(OutputPair{0, 0}, OutputPair{1, 1}));
  EXPECT_THAT(pairing.coverage.duplicate, ElementsAre("a"));
}

}  // namespace
}  // namespace plumb::server
