#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "tests/conformance/store_conformance/fixture.h"

namespace plumb::test {
namespace {

class ConcurrencyTest : public StoreTest {};

INSTANTIATE_TEST_SUITE_P(Engines,
                         ConcurrencyTest,
                         ::testing::Values("sqlite", "postgresql"),
                         [](const auto& parameter) { return parameter.param; });

// Holds the boards as their users would and notes when two have one at the same time.
class Watch {
 public:
  void Take(const store::Grant& grant) {
    const std::lock_guard lock(mutex_);
    doubled_ += held_.insert(grant.lease.board).second ? 0 : 1;
    doubled_ += epochs_.insert({grant.lease.board, grant.lease.epoch}).second ? 0 : 1;
    ++starts_[grant.run.id];
  }

  // Before the store is told: from then on somebody else may have it.
  void Free(const store::Grant& grant) {
    const std::lock_guard lock(mutex_);
    held_.erase(grant.lease.board);
  }

  int doubled_ = 0;
  std::map<std::string, int> starts_;

 private:
  std::mutex mutex_;
  std::set<std::string> held_;
  std::set<std::pair<std::string, uint64_t>> epochs_;
};

TEST_P(ConcurrencyTest, ManyClaimersNeverShareABoardNorARun) {
  constexpr int kRuns = 120;
  constexpr int kThreads = 6;
  for (int i = 0; i < 4; ++i) {
    Announce("cam-" + std::to_string(i), {i % 2 == 0 ? "even" : "odd"});
  }
  Watch watch;
  std::atomic<int> submitted{0};
  std::atomic<int> finished{0};
  std::atomic<int> failed{0};
  const auto work = [&] {
    while (finished < kRuns && failed == 0) {
      const int next = submitted++;
      if (next < kRuns) {
        Submit(
            std::to_string(next), "owner-" + std::to_string(next % 3), next % 3 == 0 ? "even" : "");
      }
      const auto grant = store_->Claim("pc-1", kLife);
      if (!grant.ok()) {
        ++failed;
        ADD_FAILURE() << grant.status().ToString();
      } else if (*grant) {
        watch.Take(**grant);
        watch.Free(**grant);
        const Status done = store_->Finish((*grant)->lease, "match", "");
        failed += done.ok() ? 0 : 1;
        EXPECT_TRUE(done.ok()) << done.ToString();
        ++finished;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back(work);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(watch.doubled_, 0);
  EXPECT_EQ(watch.starts_.size(), static_cast<size_t>(kRuns));
  for (const auto& [run, starts] : watch.starts_) {
    EXPECT_EQ(starts, 1) << run;
  }
}

TEST_P(ConcurrencyTest, OneOfManyEqualRequestsMakesTheRun) {
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::set<std::string> ids;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      const std::string id = Submit("same");
      const std::lock_guard lock(mutex);
      ids.insert(id);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(ids.size(), 1U);
  EXPECT_EQ(store_->Runs(10)->size(), 1U);
}

// Finishing, cancelling and expiring the same run at once: it ends exactly once.
TEST_P(ConcurrencyTest, ARunEndsOnceHoweverManyEndIt) {
  for (int round = 0; round < 10; ++round) {
    const std::string cam = "cam-" + std::to_string(round);
    Announce(cam);
    const std::string id = Submit("r" + std::to_string(round), "ann", cam, 0, 1);
    const auto grant = Claim();
    ASSERT_TRUE(grant);
    Advance(kLife);
    std::vector<std::thread> threads;
    threads.emplace_back([&] { (void)store_->Finish(grant->lease, "match", ""); });
    threads.emplace_back([&] { (void)store_->Cancel(id, "ann"); });
    threads.emplace_back([&] { (void)store_->Reap(); });
    threads.emplace_back([&] { (void)store_->Kick(cam, "root"); });
    for (std::thread& thread : threads) {
      thread.join();
    }
    EXPECT_EQ(Run(id).phase, store::RunPhase::kFinished);
    EXPECT_EQ(Board(cam).state, store::BoardState::kIdle);
    int ends = 0;
    const auto trail = store_->AuditTrail(0, 10'000);
    ASSERT_TRUE(trail.ok());
    for (const store::AuditEntry& entry : *trail) {
      const bool ended = entry.action == "finish" || entry.action == "cancel" ||
                         entry.action == "expire" || entry.action == "kick";
      ends += ended && (entry.subject + entry.detail).find(id) != std::string::npos ? 1 : 0;
    }
    EXPECT_EQ(ends, 1) << "round " << round;
  }
}

}  // namespace
}  // namespace plumb::test
