#include "tests/conformance/store_conformance/fixture.h"

namespace plumb::test {
namespace {

using store::BoardState;
using store::Lease;
using store::RunPhase;
using store::Service;

class LeaseTest : public StoreTest {
 protected:
  // One board, one run, granted.
  store::Grant Granted(uint32_t max_attempts = 2) {
    Announce("cam", {"S6"});
    Submit("1", "ann", "S6", 0, max_attempts);
    const auto grant = Claim();
    EXPECT_TRUE(grant);
    return grant.value_or(store::Grant());
  }

  void ExpectLost(const Lease& lease) {
    const size_t entries = store_->AuditTrail(0, 1000)->size();
    EXPECT_EQ(store_->Begin(lease).reason(), "lease_lost");
    EXPECT_EQ(store_->Finish(lease, "match", "{}").reason(), "lease_lost");
    EXPECT_EQ(store_->GiveBack(lease, "agent_lost").status().reason(), "lease_lost");
    EXPECT_EQ(*store_->Renew(std::vector{lease}, kLife), std::vector{lease});
    EXPECT_EQ(store_->AuditTrail(0, 1000)->size(), entries) << "a refusal leaves nothing behind";
  }
};

INSTANTIATE_TEST_SUITE_P(Engines,
                         LeaseTest,
                         ::testing::Values("sqlite", "postgresql"),
                         [](const auto& parameter) { return parameter.param; });

TEST_P(LeaseTest, GoesThroughItsStates) {
  const store::Grant grant = Granted();
  EXPECT_EQ(grant.lease.epoch, 1U);
  EXPECT_EQ(grant.instance, "cam-instance");
  EXPECT_EQ(grant.run.attempt, 1U);
  EXPECT_EQ(grant.run.submission.request, "{\"key\":\"1\"}");
  EXPECT_EQ(Board("cam").state, BoardState::kPreparing);
  EXPECT_EQ(Board("cam").run_id, grant.run.id);
  EXPECT_EQ(Board("cam").owner, "ann");
  ASSERT_TRUE(store_->Begin(grant.lease).ok());
  EXPECT_EQ(Board("cam").state, BoardState::kLeased);
  EXPECT_EQ(Run(grant.run.id).phase, RunPhase::kRunning);
  ASSERT_TRUE(store_->Finish(grant.lease, "match", "{\"cosine\":1}").ok());
  EXPECT_EQ(Board("cam").state, BoardState::kIdle);
  EXPECT_EQ(Run(grant.run.id).phase, RunPhase::kFinished);
  EXPECT_EQ(Run(grant.run.id).outcome, "match");
  EXPECT_EQ(Run(grant.run.id).result, "{\"cosine\":1}");
}

TEST_P(LeaseTest, EachGrantOfABoardHasItsOwnEpoch) {
  const store::Grant first = Granted();
  ASSERT_TRUE(store_->Finish(first.lease, "match", "").ok());
  Submit("2");
  const auto second = Claim();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->lease.epoch, 2U);
  ExpectLost(first.lease);
  ExpectLost({second->lease.run_id, "cam", 1});
  ExpectLost({second->lease.run_id, "another", 2});
  EXPECT_TRUE(store_->Finish(second->lease, "match", "").ok());
}

TEST_P(LeaseTest, OnlyAnIdleBoardThatTheServerReachesIsGranted) {
  Announce("leased", {"x"});
  Announce("quarantined", {"x"});
  Announce("draining", {"x"});
  Announce("offline", {"x"});
  Announce("untagged");
  Announce("elsewhere", {"x"}, "pc-2");
  Submit("0", "ann", "leased");
  ASSERT_TRUE(Claim());
  ASSERT_TRUE(store_->SetService("quarantined", Service::kQuarantined, "", "root").ok());
  ASSERT_TRUE(store_->SetService("draining", Service::kDraining, "", "root").ok());
  ASSERT_TRUE(store_->Leave("offline", "offline-instance").ok());
  Submit("1", "ann", "x");
  EXPECT_FALSE(Claim());
  EXPECT_EQ(Claim("pc-2")->lease.board, "elsewhere");
}

TEST_P(LeaseTest, TheBoardThatRestedLongestIsTaken) {
  Announce("cam-1");
  Announce("cam-2");
  Submit("1");
  const auto first = Claim();
  EXPECT_EQ(first->lease.board, "cam-1");
  ASSERT_TRUE(store_->Finish(first->lease, "match", "").ok());
  Submit("2");
  EXPECT_EQ(Claim()->lease.board, "cam-2");
}

TEST_P(LeaseTest, ADrainingBoardFinishesWhatItRuns) {
  const store::Grant grant = Granted();
  ASSERT_TRUE(store_->SetService("cam", Service::kDraining, "", "root").ok());
  EXPECT_EQ(Board("cam").state, BoardState::kPreparing);
  ASSERT_TRUE(store_->Finish(grant.lease, "match", "").ok());
  EXPECT_EQ(Board("cam").state, BoardState::kDraining);
}

TEST_P(LeaseTest, LivesOnlyAsLongAsItIsRenewed) {
  const store::Grant grant = Granted();
  Advance(milliseconds(29'999));
  EXPECT_TRUE(store_->Reap()->empty());
  EXPECT_TRUE(store_->Renew(std::vector{grant.lease}, kLife)->empty());
  Advance(milliseconds(29'999));
  EXPECT_TRUE(store_->Reap()->empty());
  Advance(milliseconds(1));
  const auto expired = store_->Reap();
  ASSERT_TRUE(expired.ok());
  ASSERT_EQ(expired->size(), 1U);
  EXPECT_EQ(expired->front().lease, grant.lease);
  EXPECT_TRUE(expired->front().queued_again);
  EXPECT_EQ(Run(grant.run.id).phase, RunPhase::kQueued);
  EXPECT_EQ(Board("cam").state, BoardState::kIdle);
  ExpectLost(grant.lease);
}

TEST_P(LeaseTest, WhoeverLostItCannotDisturbTheNextHolder) {
  const store::Grant first = Granted();
  Advance(kLife);
  ASSERT_EQ(store_->Reap()->size(), 1U);
  const auto second = Claim();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->run.id, first.run.id);
  EXPECT_EQ(second->run.attempt, 2U);
  ExpectLost(first.lease);
  EXPECT_EQ(Board("cam").run_id, second->run.id);
  EXPECT_TRUE(store_->Finish(second->lease, "mismatch", "").ok());
  EXPECT_EQ(Run(first.run.id).outcome, "mismatch");
}

TEST_P(LeaseTest, ARunWithoutAttemptsLeftIsOver) {
  const store::Grant grant = Granted(1);
  Advance(kLife);
  EXPECT_FALSE(store_->Reap()->front().queued_again);
  EXPECT_EQ(Run(grant.run.id).phase, RunPhase::kFinished);
  EXPECT_EQ(Run(grant.run.id).outcome, "lease_expired");
  EXPECT_EQ(Board("cam").state, BoardState::kIdle);
}

TEST_P(LeaseTest, AGivenBackRunWaitsAtItsOldPlace) {
  const store::Grant grant = Granted();
  Advance(milliseconds(1));
  Submit("2", "bob");
  EXPECT_TRUE(*store_->GiveBack(grant.lease, "agent_lost"));
  const auto again = Claim();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->run.id, grant.run.id);
  EXPECT_EQ(again->run.attempt, 2U);
  EXPECT_FALSE(*store_->GiveBack(again->lease, "agent_lost"));
  EXPECT_EQ(Run(grant.run.id).outcome, "agent_lost");
}

TEST_P(LeaseTest, FinishingTwiceIsNoError) {
  const store::Grant grant = Granted();
  ASSERT_TRUE(store_->Finish(grant.lease, "match", "{}").ok());
  EXPECT_TRUE(store_->Finish(grant.lease, "match", "{}").ok());
  EXPECT_EQ(store_->Finish(grant.lease, "mismatch", "{}").reason(), "lease_lost");
  EXPECT_EQ(Run(grant.run.id).outcome, "match");
}

TEST_P(LeaseTest, AKickFencesTheHolder) {
  const store::Grant grant = Granted();
  const auto kicked = store_->Kick("cam", "root");
  ASSERT_TRUE(kicked.ok()) << kicked.status().ToString();
  EXPECT_EQ(**kicked, grant.lease);
  EXPECT_EQ(Run(grant.run.id).outcome, "kicked");
  EXPECT_EQ(Board("cam").state, BoardState::kIdle);
  ExpectLost(grant.lease);
  EXPECT_FALSE(store_->Kick("cam", "root")->has_value());
  EXPECT_EQ(store_->Kick("nope", "root").status().reason(), "board_not_found");
}

TEST_P(LeaseTest, CancellingARunningRunFencesItsHolder) {
  const store::Grant grant = Granted();
  EXPECT_EQ(store_->Cancel(grant.run.id, "ann")->outcome, "cancelled");
  EXPECT_EQ(Board("cam").state, BoardState::kIdle);
  ExpectLost(grant.lease);
}

TEST_P(LeaseTest, AnAgentThatCameBackUnderALeaseGetsNothingNewUntilItEnds) {
  const store::Grant grant = Granted();
  ASSERT_TRUE(store_->Leave("cam", "cam-instance").ok());
  Announce("cam", {"S6"});
  Submit("2");
  EXPECT_FALSE(Claim());
  ASSERT_TRUE(store_->GiveBack(grant.lease, "agent_lost").ok());
  EXPECT_TRUE(Claim());
}

TEST_P(LeaseTest, ThousandsAreRenewedAtOnceAndTheLostOnesNamed) {
  std::vector<Lease> leases;
  for (int i = 0; i < 620; ++i) {
    Announce("cam-" + std::to_string(i));
  }
  for (int i = 0; i < 620; ++i) {
    Submit(std::to_string(i));
    leases.push_back(Claim()->lease);
  }
  ASSERT_TRUE(store_->Finish(leases[3], "match", "").ok());
  ASSERT_TRUE(store_->Finish(leases[610], "match", "").ok());
  const auto lost = store_->Renew(leases, kLife);
  ASSERT_TRUE(lost.ok()) << lost.status().ToString();
  EXPECT_EQ(*lost, (std::vector{leases[3], leases[610]}));
}

TEST_P(LeaseTest, ALifeThatCannotBeIsRefused) {
  EXPECT_EQ(store_->Claim("pc-1", milliseconds(0)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->Claim("pc-1", std::chrono::hours(25)).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->Renew({}, milliseconds(-1)).status().code(), StatusCode::kInvalidArgument);
}

TEST_P(LeaseTest, OutlivesARestartAndIsStillTheHolders) {
  const store::Grant grant = Granted();
  Reopen();
  EXPECT_TRUE(store_->Renew(std::vector{grant.lease}, kLife)->empty());
  EXPECT_TRUE(store_->Finish(grant.lease, "match", "").ok());
}

}  // namespace
}  // namespace plumb::test
