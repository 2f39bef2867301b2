// What only one of the engines can suffer.
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "server/store/store.h"
#include "tests/support/postgres.h"

namespace plumb::test {
namespace {

store::Submission Request(int number) {
  store::Submission submission;
  submission.client = "client";
  submission.key = std::to_string(number);
  submission.owner = "ann";
  return submission;
}

TEST(SqliteStore, ASecondServerIsRefusedUntilTheFirstIsGone) {
  std::string folder = (std::filesystem::temp_directory_path() / "plumb_store_XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string address = "sqlite:" + folder + "/store.db";
  auto first = store::OpenStore(address);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  const auto second = store::OpenStore(address);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(second.status().message().find("another running server"), std::string::npos);
  first->reset();
  EXPECT_TRUE(store::OpenStore(address).ok());
  std::filesystem::remove_all(folder);
}

TEST(SqliteStore, AFileThatIsNoDatabaseIsSaidToBeNone) {
  std::string folder = (std::filesystem::temp_directory_path() / "plumb_store_XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::filesystem::copy_file("/proc/self/exe", folder + "/store.db");
  const auto opened = store::OpenStore("sqlite:" + folder + "/store.db");
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.status().code(), StatusCode::kDataLoss);
  std::filesystem::remove_all(folder);
}

TEST(StoreAddress, SaysWhatItCouldHaveBeen) {
  const auto opened = store::OpenStore("store.db");
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(opened.status().hint().find("sqlite:"), std::string::npos);
}

TEST(PostgresStore, ThatIsNotThereIsUnavailable) {
  const auto opened = store::OpenStore("host=/nowhere dbname=plumb password=secret");
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(opened.status().ToString().find("secret"), std::string::npos);
}

class PostgresStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto missing = TemporaryPostgres::MissingBecause()) {
      GTEST_SKIP() << *missing;
    }
    auto started = TemporaryPostgres::Start();
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    postgres_ = std::move(*started);
    const auto address = postgres_->CreateDatabase("farm");
    ASSERT_TRUE(address.ok()) << address.status().ToString();
    address_ = *address;
  }

  std::unique_ptr<TemporaryPostgres> postgres_;
  std::string address_;
};

TEST_F(PostgresStoreTest, ConnectsAnewWhenItsConnectionsAreCut) {
  auto opened = store::OpenStore(address_);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  store::Store& store = **opened;
  ASSERT_TRUE(store.Submit(Request(0)).ok());
  ASSERT_TRUE(postgres_
                  ->Execute("postgres",
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                            "WHERE datname = 'farm'")
                  .ok());
  // Each of the connections is found dead once at most.
  int refused = 0;
  for (int i = 1; i <= 20; ++i) {
    const auto id = store.Submit(Request(i));
    if (!id.ok()) {
      EXPECT_EQ(id.status().code(), StatusCode::kUnavailable) << id.status().ToString();
      ++refused;
      ASSERT_TRUE(store.Submit(Request(i)).ok());
    }
  }
  EXPECT_LE(refused, 4);
  EXPECT_EQ(store.Runs(100)->size(), 21U);
}

TEST_F(PostgresStoreTest, WhatWasAcknowledgedIsThereAfterACrash) {
  auto opened = store::OpenStore(address_);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  store::Store& store = **opened;
  std::atomic<bool> crashed{false};
  std::atomic<int> acknowledged{0};
  std::thread submitter([&] {
    while (!crashed && store.Submit(Request(acknowledged)).ok()) {
      ++acknowledged;
    }
  });
  while (acknowledged < 50) {
    std::this_thread::yield();
  }
  postgres_->Crash();
  crashed = true;
  submitter.join();
  EXPECT_EQ(store.Runs(1).status().code(), StatusCode::kUnavailable);
  ASSERT_TRUE(postgres_->Restart().ok());
  auto again = store::OpenStore(address_);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  // The last one may have been committed without its reply.
  const auto runs = (*again)->Runs(10'000);
  ASSERT_TRUE(runs.ok());
  EXPECT_GE(runs->size(), static_cast<size_t>(acknowledged));
  EXPECT_LE(runs->size(), static_cast<size_t>(acknowledged) + 1);
  const auto repeated = (*again)->Submit(Request(0));
  ASSERT_TRUE(repeated.ok());
  EXPECT_EQ((*again)->Runs(10'000)->size(), runs->size()) << "the same key is the same run";
}

TEST_F(PostgresStoreTest, TwoServersShareTheQueue) {
  auto first = store::OpenStore(address_);
  auto second = store::OpenStore(address_);
  ASSERT_TRUE(first.ok() && second.ok());
  for (const auto& [store, server] :
       {std::pair(first->get(), "pc-1"), std::pair(second->get(), "pc-2")}) {
    store::BoardAnnouncement board;
    board.name = std::string("cam of ") + server;
    board.server = server;
    board.instance = "i";
    ASSERT_TRUE(store->Announce(board).ok());
  }
  ASSERT_TRUE((*first)->Submit(Request(1)).ok());
  ASSERT_TRUE((*first)->Submit(Request(2)).ok());
  const auto one = (*first)->Claim("pc-1", std::chrono::seconds(30));
  const auto two = (*second)->Claim("pc-2", std::chrono::seconds(30));
  ASSERT_TRUE(one.ok() && one->has_value() && two.ok() && two->has_value());
  EXPECT_NE((*one)->run.id, (*two)->run.id);
  EXPECT_EQ((*two)->lease.board, "cam of pc-2");
}

}  // namespace
}  // namespace plumb::test
