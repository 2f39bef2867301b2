#include "tests/conformance/store_conformance/fixture.h"

namespace plumb::test {
namespace {

using store::BoardState;
using store::Service;
using ::testing::Test;

class BoardTest : public StoreTest {};

INSTANTIATE_TEST_SUITE_P(Engines,
                         BoardTest,
                         ::testing::Values("sqlite", "postgresql"),
                         [](const auto& parameter) { return parameter.param; });

TEST_P(BoardTest, ComesBackAsItWasAnnounced) {
  store::BoardAnnouncement board;
  board.name = "cam'7\"; DROP TABLE boards; --";
  board.server = "pc-1";
  board.instance = "i1";
  board.tags = {"S6", "lab2", "S6", "512MB"};
  board.description = "{\"note\":\"für Müller, 100 %\"}";
  ASSERT_TRUE(store_->Announce(board).ok());
  const store::BoardRecord record = Board(board.name);
  EXPECT_EQ(record.server, "pc-1");
  EXPECT_EQ(record.instance, "i1");
  EXPECT_EQ(record.tags, (std::vector<std::string>{"512MB", "S6", "lab2"}));
  EXPECT_EQ(record.description, board.description);
  EXPECT_EQ(record.state, BoardState::kIdle);
  EXPECT_EQ(record.epoch, 0U);
}

TEST_P(BoardTest, TagsAreReplacedByTheNextAnnouncement) {
  Announce("cam", {"old", "both"});
  Announce("cam", {"both", "new"});
  EXPECT_EQ(Board("cam").tags, (std::vector<std::string>{"both", "new"}));
}

TEST_P(BoardTest, AreSortedByNameWhateverTheEngineThinksOfCase) {
  Announce("b");
  Announce("C");
  Announce("a");
  const auto boards = store_->Boards();
  ASSERT_TRUE(boards.ok());
  ASSERT_EQ(boards->size(), 3U);
  EXPECT_EQ(boards->at(0).name, "C");
  EXPECT_EQ(boards->at(1).name, "a");
  EXPECT_EQ(boards->at(2).name, "b");
}

TEST_P(BoardTest, IsOfflineOnceNobodyHasSeenItForSoLong) {
  Announce("cam");
  ASSERT_TRUE(store_->See("pc-1", std::vector<std::string>{"cam"}, seconds(10)).ok());
  Advance(milliseconds(9'999));
  EXPECT_EQ(Board("cam").state, BoardState::kIdle);
  Advance(milliseconds(1));
  EXPECT_EQ(Board("cam").state, BoardState::kOffline);
  ASSERT_TRUE(store_->See("pc-1", std::vector<std::string>{"cam", "unknown"}, seconds(10)).ok());
  EXPECT_EQ(Board("cam").state, BoardState::kIdle);
}

TEST_P(BoardTest, IsSeenOnlyByItsOwnServer) {
  Announce("cam");
  Advance(std::chrono::hours(2));
  ASSERT_TRUE(store_->See("pc-2", std::vector<std::string>{"cam"}, seconds(10)).ok());
  EXPECT_EQ(Board("cam").state, BoardState::kOffline);
}

TEST_P(BoardTest, LeavesAtOnceButOnlyByItsOwnInstance) {
  Announce("cam");
  ASSERT_TRUE(store_->Leave("cam", "another").ok());
  EXPECT_EQ(Board("cam").state, BoardState::kIdle);
  ASSERT_TRUE(store_->Leave("cam", "cam-instance").ok());
  EXPECT_EQ(Board("cam").state, BoardState::kOffline);
}

TEST_P(BoardTest, ItsNameIsTakenWhileItLives) {
  Announce("cam");
  store::BoardAnnouncement other;
  other.name = "cam";
  other.server = "pc-2";
  other.instance = "other";
  const Status taken = store_->Announce(other);
  EXPECT_EQ(taken.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(taken.reason(), "board_name_taken");
  EXPECT_EQ(Board("cam").server, "pc-1");
  other.server = "pc-1";
  ASSERT_TRUE(store_->Announce(other).ok()) << "its own server knows that the first is gone";
  other.server = "pc-2";
  other.instance = "yet another";
  Advance(std::chrono::hours(1));
  ASSERT_TRUE(store_->Announce(other).ok());
  EXPECT_EQ(Board("cam").server, "pc-2");
}

TEST_P(BoardTest, ServiceIsKeptThroughAnnouncementsWithItsReason) {
  Announce("cam");
  ASSERT_TRUE(store_->SetService("cam", Service::kQuarantined, "hung twice", "root").ok());
  Announce("cam");
  EXPECT_EQ(Board("cam").state, BoardState::kQuarantined);
  EXPECT_EQ(Board("cam").reason, "hung twice");
  ASSERT_TRUE(store_->SetService("cam", Service::kDraining, "to be moved", "root").ok());
  EXPECT_EQ(Board("cam").state, BoardState::kDraining);
  ASSERT_TRUE(store_->SetService("cam", Service::kInService, "ignored", "root").ok());
  EXPECT_EQ(Board("cam").state, BoardState::kIdle);
  EXPECT_EQ(Board("cam").reason, "");
}

TEST_P(BoardTest, ServiceOfAnUnknownBoardIsAnError) {
  const Status status = store_->SetService("cam", Service::kDraining, "", "root");
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(status.reason(), "board_not_found");
}

TEST_P(BoardTest, NamesThatAreNotSafeAreRefused) {
  store::BoardAnnouncement board;
  board.server = "pc-1";
  board.instance = "i";
  for (const std::string& name : {std::string(),
                                  std::string("a\nb"),
                                  std::string("a\0b", 3),
                                  std::string("\xFF"),
                                  std::string(256, 'a')}) {
    board.name = name;
    EXPECT_EQ(store_->Announce(board).code(), StatusCode::kInvalidArgument) << name;
  }
  board.name = "cam";
  board.tags.assign(65, "t");
  EXPECT_EQ(store_->Announce(board).code(), StatusCode::kInvalidArgument);
  board.tags.clear();
  board.description = std::string((size_t{1} << 20U) + 1, 'x');
  EXPECT_EQ(store_->Announce(board).code(), StatusCode::kInvalidArgument);
  board.description.clear();
  board.alive = milliseconds(0);
  EXPECT_EQ(store_->Announce(board).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(store_->Boards()->empty());
}

TEST_P(BoardTest, OutlivesARestart) {
  Announce("cam", {"S6"});
  ASSERT_TRUE(store_->SetService("cam", Service::kQuarantined, "hung", "root").ok());
  Reopen();
  EXPECT_EQ(Board("cam").state, BoardState::kQuarantined);
  EXPECT_EQ(Board("cam").tags, std::vector<std::string>{"S6"});
}

}  // namespace
}  // namespace plumb::test
