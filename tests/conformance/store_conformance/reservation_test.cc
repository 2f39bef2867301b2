#include "tests/conformance/store_conformance/fixture.h"

namespace plumb::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using store::Reservation;
using store::RunPhase;

class ReservationTest : public StoreTest {
 protected:
  Result<Reservation> Reserve(const std::string& owner,
                              const std::string& tags = "",
                              milliseconds from = milliseconds(0),
                              milliseconds length = minutes(10)) {
    PLUMB_ASSIGN_OR_RETURN(auto made, store_->Reserve({owner, tags, "a note", from, length}));
    EXPECT_EQ(made.size(), 1U);
    return made.front();
  }
};

INSTANTIATE_TEST_SUITE_P(Engines,
                         ReservationTest,
                         ::testing::Values("sqlite", "postgresql"),
                         [](const auto& parameter) { return parameter.param; });

TEST_P(ReservationTest, KeepsTheBoardForItsOwner) {
  Announce("cam");
  const auto made = Reserve("ann");
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ(made->board, "cam");
  EXPECT_EQ(made->until_ms - made->from_ms, 600'000);
  EXPECT_EQ(Board("cam").reserved_by, "ann");
  EXPECT_EQ(Board("cam").reserved_until_ms, made->until_ms);
  const std::string bobs = Submit("b", "bob");
  EXPECT_FALSE(Claim()) << "nobody else's run";
  EXPECT_EQ(store_->Explain(bobs)->reason,
            "1 board matches: 1 idle (1 reserved, by ann until 2025-11-22 08:36:40)");
  const std::string anns = Submit("a", "ann");
  const auto grant = Claim();
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->run.id, anns);
  ASSERT_TRUE(store_->Finish(grant->lease, "match", "").ok());
  Advance(minutes(10));
  const auto next = Claim();
  ASSERT_TRUE(next) << "the reservation is over";
  EXPECT_EQ(next->run.id, bobs);
  EXPECT_EQ(Board("cam").reserved_by, "");
}

TEST_P(ReservationTest, WhatIsUnderWayGoesOn) {
  Announce("cam");
  Submit("b", "bob");
  const auto grant = Claim();
  ASSERT_TRUE(grant);
  ASSERT_TRUE(Reserve("ann").ok());
  EXPECT_TRUE(store_->Renew(std::vector{grant->lease}, kLife)->empty());
  EXPECT_TRUE(store_->Finish(grant->lease, "match", "").ok());
}

TEST_P(ReservationTest, TakesABoardThatIsFreeForTheWholeTime) {
  Announce("cam-1", {"S6"});
  Announce("cam-2", {"S6"});
  Announce("cam-3", {"S3"});
  Submit("k", "bob", "cam-1");
  ASSERT_TRUE(Claim());
  EXPECT_EQ(Reserve("ann", "S6")->board, "cam-2") << "the idle one first";
  EXPECT_EQ(Reserve("ann", "S6")->board, "cam-1");
  const auto none = Reserve("ann", "S6");
  EXPECT_EQ(none.status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(none.status().reason(), "board_busy");
  EXPECT_NE(
      none.status().message().find("2 boards match: 1 preparing, 1 idle (1 reserved, by ann until"),
      std::string::npos)
      << none.status().message();
  EXPECT_TRUE(Reserve("ann", "S6", minutes(10), minutes(5)).ok()) << "afterwards";
  EXPECT_FALSE(Reserve("bob", "cam-3", minutes(5), hours(1))->board.empty());
  EXPECT_EQ(Reserve("ann", "cam-3", minutes(0), minutes(6)).status().reason(), "board_busy")
      << "the next one begins after five minutes";
  EXPECT_TRUE(Reserve("ann", "cam-3", minutes(0), minutes(5)).ok());
}

TEST_P(ReservationTest, KeepsSeveralBoardsOrNone) {
  for (const char* name : {"cam-1", "cam-2", "cam-3"}) {
    Announce(name, {"S6"});
  }
  ASSERT_TRUE(Reserve("bob", "cam-2").ok());
  const auto few = store_->Reserve({"ann", "S6", "", milliseconds(0), minutes(10), 3});
  EXPECT_EQ(few.status().reason(), "board_busy");
  EXPECT_NE(few.status().message().find("only 2 of 3 boards can be reserved"), std::string::npos)
      << few.status().message();
  EXPECT_EQ(store_->Reservations()->size(), 1U) << "all or none";
  const auto pair = store_->Reserve({"ann", "S6", "", milliseconds(0), minutes(10), 2});
  ASSERT_TRUE(pair.ok()) << pair.status().ToString();
  ASSERT_EQ(pair->size(), 2U);
  EXPECT_EQ((*pair)[0].board, "cam-1");
  EXPECT_EQ((*pair)[1].board, "cam-3");
  EXPECT_NE((*pair)[0].id, (*pair)[1].id);
  EXPECT_EQ(Board("cam-3").reserved_by, "ann");
  for (const uint32_t count : {0U, 65U}) {
    EXPECT_EQ(store_->Reserve({"ann", "", "", milliseconds(0), minutes(1), count}).status().code(),
              StatusCode::kInvalidArgument);
  }
}

TEST_P(ReservationTest, LivesAsLongAsItIsExtended) {
  Announce("cam");
  const std::string id = Reserve("ann")->id;
  Advance(minutes(9));
  const auto longer = store_->Extend(id, "ann", minutes(10));
  ASSERT_TRUE(longer.ok()) << longer.status().ToString();
  Advance(minutes(9));
  EXPECT_EQ(Board("cam").reserved_by, "ann");
  EXPECT_EQ(store_->Extend(id, "bob", minutes(10)).status().code(), StatusCode::kPermissionDenied);
  ASSERT_TRUE(Reserve("bob", "", minutes(20)).ok());
  EXPECT_EQ(store_->Extend(id, "ann", minutes(21)).status().reason(), "board_busy");
  Advance(minutes(1));
  EXPECT_EQ(store_->Extend(id, "ann", minutes(1)).status().reason(), "reservation_not_found");
}

TEST_P(ReservationTest, IsEndedByItsOwnerOrAnAdministrator) {
  Announce("cam");
  const std::string id = Reserve("ann")->id;
  EXPECT_EQ(store_->EndReservation(id, "bob", "bob").code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(store_->Reservations()->size(), 1U);
  ASSERT_TRUE(store_->EndReservation(id, "ann", "ann").ok());
  EXPECT_EQ(store_->EndReservation(id, "ann", "ann").reason(), "reservation_not_found");
  const std::string second = Reserve("ann")->id;
  ASSERT_TRUE(store_->EndReservation(second, "", "root").ok());
  EXPECT_TRUE(store_->Reservations()->empty());
  std::vector<std::string> actions;
  const auto trail = store_->AuditTrail(0, 100);
  for (const auto& entry : *trail) {
    actions.push_back(entry.actor + " " + entry.action + " " + entry.subject);
  }
  const std::vector<std::string> expected = {
      "ann reserve cam", "ann release cam", "ann reserve cam", "root release cam"};
  EXPECT_EQ(actions, expected);
}

TEST_P(ReservationTest, IsForgottenWhenItIsOver) {
  Announce("cam");
  ASSERT_TRUE(Reserve("ann").ok());
  ASSERT_TRUE(Reserve("bob", "", minutes(30)).ok());
  Advance(minutes(20));
  ASSERT_TRUE(store_->Reap().ok());
  const auto left = store_->Reservations();
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ(left->front().owner, "bob");
}

TEST_P(ReservationTest, WhatCannotBeIsRefused) {
  Announce("cam");
  EXPECT_EQ(Reserve("").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Reserve("ann", "((").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Reserve("ann", "", milliseconds(-1)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Reserve("ann", "", milliseconds(0), milliseconds(0)).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Reserve("ann", "", milliseconds(0), hours(24 * 32)).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumb::test
