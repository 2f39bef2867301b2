#include "server/core/board_registry.h"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/runner/failure.h"
#include "tests/server/core/fakes.h"

namespace plumb::server {
namespace {

using std::chrono::milliseconds;
using test::FakeLink;
using test::MakeHello;
using testing::HasSubstr;

const std::string kFirst(32, 'a');
const std::string kSecond(32, 'b');

class BoardRegistryTest : public testing::Test {
 protected:
  BoardRegistryTest() { Make(milliseconds(60'000)); }

  ~BoardRegistryTest() override {
    strand_.Call([this] {
      registry_.reset();
      return 0;
    });
  }

  void Make(milliseconds grace) {
    strand_.Call([&] {
      BoardRegistry::Events events;
      events.on_board_attached = [this](const rpc::Hello& /*identity*/) { ++attached_; };
      events.on_board_lost = [this](const std::string& run_id, const Status& status) {
        lost_.set_value({run_id, status});
      };
      events.on_board_resumed = [this](const std::string& run_id, bool at_it) {
        resumed_ = {run_id, at_it};
      };
      events.on_board_removed = [this](const rpc::Hello& /*identity*/) { ++removed_; };
      registry_ = std::make_unique<BoardRegistry>(&strand_, grace, max_boards_, std::move(events));
      return 0;
    });
  }

  Status Attach(const rpc::Hello& hello, const std::shared_ptr<FakeLink>& link) {
    return strand_.Call([&] { return registry_->Attach(hello, link); });
  }

  bool Lease(const std::string& name,
             const std::string& run_id,
             const std::string& instance = kFirst) {
    return strand_.Call([&] { return registry_->Lease(name, instance, {run_id, 1}); });
  }

  void Detach(const std::string& name, const std::shared_ptr<FakeLink>& link) {
    strand_.Call([&] {
      registry_->Detach(name, link.get());
      return 0;
    });
  }

  Strand strand_;
  size_t max_boards_ = 4;
  std::unique_ptr<BoardRegistry> registry_;
  int attached_ = 0;
  int removed_ = 0;
  std::promise<std::pair<std::string, Status>> lost_;
  std::pair<std::string, bool> resumed_;
};

TEST_F(BoardRegistryTest, OnlyAFreeBoardOfThatAgentIsLeased) {
  ASSERT_TRUE(Attach(MakeHello("cam", {}, kFirst), std::make_shared<FakeLink>()).ok());
  EXPECT_FALSE(Lease("other", "run-1"));
  EXPECT_FALSE(Lease("cam", "run-1", kSecond)) << "granted on an agent that is gone";
  EXPECT_TRUE(Lease("cam", "run-1"));
  EXPECT_FALSE(Lease("cam", "run-2"));
}

TEST_F(BoardRegistryTest, AnotherInstanceOfALivingNameIsRefused) {
  ASSERT_TRUE(Attach(MakeHello("cam", {}, kFirst), std::make_shared<FakeLink>()).ok());
  const Status status = Attach(MakeHello("cam", {}, kSecond), std::make_shared<FakeLink>());
  EXPECT_EQ(status.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(status.reason(), kReasonBoardNameTaken);
  EXPECT_THAT(status.hint(), HasSubstr("--name"));
}

TEST_F(BoardRegistryTest, TheSameInstanceReplacesItsOldStream) {
  const auto old_link = std::make_shared<FakeLink>();
  const auto new_link = std::make_shared<FakeLink>();
  ASSERT_TRUE(Attach(MakeHello("cam", {}, kFirst), old_link).ok());
  ASSERT_TRUE(Attach(MakeHello("cam", {}, kFirst), new_link).ok());
  EXPECT_TRUE(old_link->closed().has_value());
  EXPECT_FALSE(new_link->closed().has_value());
  Detach("cam", old_link);  // its end comes late and must not take the board away
  EXPECT_EQ(removed_, 0);
  EXPECT_TRUE(Lease("cam", "run-1"));
}

TEST_F(BoardRegistryTest, AnIdleBoardIsForgottenWithItsStream) {
  const auto link = std::make_shared<FakeLink>();
  ASSERT_TRUE(Attach(MakeHello("cam"), link).ok());
  Detach("cam", link);
  EXPECT_FALSE(Lease("cam", "run-1"));
  EXPECT_EQ(removed_, 1);
}

TEST_F(BoardRegistryTest, ALeasedBoardThatComesBackInTimeKeepsItsRun) {
  const auto link = std::make_shared<FakeLink>();
  ASSERT_TRUE(Attach(MakeHello("cam", {}, kFirst), link).ok());
  Lease("cam", "run-1");
  Detach("cam", link);
  rpc::Hello again = MakeHello("cam", {}, kFirst);
  again.current_run = rpc::RunKey{"run-1", 1};
  ASSERT_TRUE(Attach(again, std::make_shared<FakeLink>()).ok());
  EXPECT_EQ(resumed_, std::pair(std::string("run-1"), true));
  EXPECT_EQ(lost_.get_future().wait_for(milliseconds(0)), std::future_status::timeout);
}

TEST_F(BoardRegistryTest, ALeasedBoardThatStaysAwayLosesItsRun) {
  Make(milliseconds(20));
  const auto link = std::make_shared<FakeLink>();
  ASSERT_TRUE(Attach(MakeHello("cam", {}, kFirst), link).ok());
  Lease("cam", "run-1");
  Detach("cam", link);
  const auto lost = lost_.get_future().get();
  EXPECT_EQ(lost.first, "run-1");
  EXPECT_EQ(lost.second.reason(), kReasonAgentLost);
  EXPECT_EQ(lost.second.code(), StatusCode::kUnavailable);
  EXPECT_FALSE(Lease("cam", "run-2"));
}

TEST_F(BoardRegistryTest, ARestartedAgentEndsTheRunAtOnceAndTakesTheNameOver) {
  const auto link = std::make_shared<FakeLink>();
  ASSERT_TRUE(Attach(MakeHello("cam", {}, kFirst), link).ok());
  Lease("cam", "run-1");
  Detach("cam", link);
  ASSERT_TRUE(Attach(MakeHello("cam", {}, kSecond), std::make_shared<FakeLink>()).ok());
  EXPECT_EQ(lost_.get_future().get().second.reason(), kReasonAgentLost);
  EXPECT_TRUE(Lease("cam", "run-2", kSecond));
}

TEST_F(BoardRegistryTest, AnEarlierAttemptOfTheSameRunIsStoppedOnTheBoard) {
  ASSERT_TRUE(Attach(MakeHello("cam"), std::make_shared<FakeLink>()).ok());
  ASSERT_TRUE(strand_.Call([&] { return registry_->Lease("cam", kFirst, {"run-1", 2}); }));
  const auto link = std::make_shared<FakeLink>();
  rpc::Hello hello = MakeHello("cam");
  hello.current_run = rpc::RunKey{"run-1", 1};
  ASSERT_TRUE(Attach(hello, link).ok());
  EXPECT_EQ(link->NextCancel()->key.attempt, 1U);
}

TEST_F(BoardRegistryTest, ARunThatTheServerDoesNotKnowIsStoppedOnTheBoard) {
  const auto link = std::make_shared<FakeLink>();
  rpc::Hello hello = MakeHello("cam");
  hello.current_run = rpc::RunKey{"of-an-earlier-server", 1};
  ASSERT_TRUE(Attach(hello, link).ok());
  const auto cancel = link->NextCancel();
  ASSERT_TRUE(cancel.has_value());
  EXPECT_EQ(cancel->key.run_id, "of-an-earlier-server");
}

TEST_F(BoardRegistryTest, OnlyTheHolderReleasesALease) {
  ASSERT_TRUE(Attach(MakeHello("cam"), std::make_shared<FakeLink>()).ok());
  Lease("cam", "run-2");
  strand_.Call([&] {
    registry_->Release("cam", "run-1");
    return 0;
  });
  EXPECT_FALSE(Lease("cam", "run-3"));
  strand_.Call([&] {
    registry_->Release("cam", "run-2");
    return 0;
  });
  EXPECT_TRUE(Lease("cam", "run-3"));
  EXPECT_EQ(attached_, 1);
}

}  // namespace
}  // namespace plumb::server
