#include "common/analysis/evidence.h"

#include <gtest/gtest.h>

namespace plumb::analysis {
namespace {

TEST(RunEvidence, RepeatsUntilOneOutputDiffers) {
  RunEvidence evidence;
  evidence.OnTensorEnd({0, 0, 11, 0});
  evidence.OnTensorEnd({0, 1, 22, 0});
  evidence.OnTensorEnd({1, 0, 11, 0});
  evidence.OnTensorEnd({1, 1, 22, 0});
  EXPECT_TRUE(evidence.repeatable());
  evidence.OnTensorEnd({2, 1, 23, 0});
  evidence.OnTensorEnd({3, 1, 24, 0});
  EXPECT_FALSE(evidence.repeatable());
  EXPECT_EQ(evidence.outputs()[0].differing_repetitions, 0U);
  EXPECT_EQ(evidence.outputs()[1].differing_repetitions, 2U);
  EXPECT_EQ(evidence.outputs()[1].first_differing_repetition, 2U);
  EXPECT_EQ(evidence.outputs()[1].repetitions, 4U);
}

TEST(RunEvidence, IsTheProbesResultOnlyWhenEveryOutputIs) {
  RunEvidence evidence;
  evidence.OnProbe({11, 22}, false);
  evidence.OnTensorEnd({0, 0, 11, 0});
  EXPECT_FALSE(evidence.same_as_probe()) << "the second output has not come yet";
  evidence.OnTensorEnd({0, 1, 22, 0});
  EXPECT_TRUE(evidence.same_as_probe());
  RunEvidence other;
  other.OnProbe({11, 22}, false);
  other.OnTensorEnd({0, 0, 11, 0});
  other.OnTensorEnd({0, 1, 99, 0});
  EXPECT_FALSE(other.same_as_probe());
}

TEST(RunEvidence, AProbeOnTheRunsOwnInputProvesNothing) {
  RunEvidence evidence;
  evidence.OnProbe({11}, true);
  evidence.OnTensorEnd({0, 0, 11, 0});
  EXPECT_FALSE(evidence.same_as_probe());
}

TEST(RunEvidence, WithoutAProbeNothingIsStale) {
  RunEvidence evidence;
  evidence.OnTensorEnd({0, 0, 11, 0});
  EXPECT_FALSE(evidence.same_as_probe());
}

TEST(RunEvidence, PassesOverImpossibleIndexes) {
  RunEvidence evidence;
  evidence.OnTensorEnd({0, 0xFFFFFFFF, 1, 0});
  EXPECT_TRUE(evidence.outputs().empty());
}

}  // namespace
}  // namespace plumb::analysis
