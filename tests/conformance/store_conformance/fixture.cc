#include "tests/conformance/store_conformance/fixture.h"

#include "tests/support/postgres.h"

namespace plumb::test {

void StoreTest::SetUp() {
  const auto missing = TemporaryPostgres::MissingBecause();
  if (GetParam() == "postgresql" && missing) {
    GTEST_SKIP() << *missing;
  }
  auto subject = MakeStoreSubject(GetParam());
  ASSERT_TRUE(subject.ok()) << subject.status().ToString();
  subject_ = std::move(*subject);
  auto opened = subject_->Open();
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  store_ = std::move(*opened);
}

void StoreTest::Announce(const std::string& name,
                         const std::vector<std::string>& tags,
                         const std::string& server) {
  store::BoardAnnouncement board;
  board.name = name;
  board.server = server;
  board.instance = name + "-instance";
  board.tags = tags;
  board.description = "{}";
  board.alive = std::chrono::hours(1);
  const Status status = store_->Announce(board);
  ASSERT_TRUE(status.ok()) << status.ToString();
}

std::string StoreTest::Submit(const std::string& key,
                              const std::string& owner,
                              const std::string& tags,
                              int32_t priority,
                              uint32_t max_attempts) {
  store::Submission submission;
  submission.client = "client";
  submission.key = key;
  submission.owner = owner;
  submission.tags = tags;
  submission.request = "{\"key\":\"" + key + "\"}";
  submission.priority = priority;
  submission.max_attempts = max_attempts;
  const auto id = store_->Submit(submission);
  EXPECT_TRUE(id.ok()) << id.status().ToString();
  return id.ok() ? *id : "";
}

std::optional<store::Grant> StoreTest::Claim(const std::string& server) {
  auto grant = store_->Claim(server, kLife);
  EXPECT_TRUE(grant.ok()) << grant.status().ToString();
  return grant.ok() ? *grant : std::nullopt;
}

store::BoardRecord StoreTest::Board(const std::string& name) {
  const auto boards = store_->Boards();
  EXPECT_TRUE(boards.ok()) << boards.status().ToString();
  if (boards.ok()) {
    for (const store::BoardRecord& board : *boards) {
      if (board.name == name) {
        return board;
      }
    }
  }
  ADD_FAILURE() << "no board " << name;
  return {};
}

store::RunRecord StoreTest::Run(const std::string& id) {
  const auto run = store_->Find(id);
  EXPECT_TRUE(run.ok()) << run.status().ToString();
  return run.ok() ? *run : store::RunRecord();
}

void StoreTest::Advance(milliseconds time) {
  const Status status = subject_->Advance(time.count());
  ASSERT_TRUE(status.ok()) << status.ToString();
}

void StoreTest::Reopen() {
  store_.reset();
  auto opened = subject_->Open();
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  store_ = std::move(*opened);
}

}  // namespace plumb::test
