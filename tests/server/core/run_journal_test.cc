#include "server/core/run_journal.h"

#include <gtest/gtest.h>

namespace plumb::server {
namespace {

RunSummary Summary(RunState state) {
  RunSummary run;
  run.run_id = "run-1";
  run.state = state;
  return run;
}

TensorBytes Bytes(uint64_t received) {
  return {analysis::Role::kTarget, 0, 0, received, 100};
}

TEST(RunJournalTest, ALateWatcherGetsASnapshotFirst) {
  RunJournal journal(Summary(RunState::kRunning));
  journal.Apply(Bytes(10));
  journal.Apply(Bytes(20));
  const auto update = journal.Since(0);
  ASSERT_EQ(update.events.size(), 1U);
  const auto& snapshot = std::get<RunSnapshot>(update.events[0]);
  EXPECT_EQ(snapshot.run.state, RunState::kRunning);
  ASSERT_EQ(snapshot.progress.size(), 1U);
  EXPECT_EQ(snapshot.progress[0].received, 20U);
  EXPECT_FALSE(update.finished);
}

TEST(RunJournalTest, ASlowWatcherGetsTheNewestOnce) {
  RunJournal journal(Summary(RunState::kRunning));
  const uint64_t cursor = journal.Since(0).cursor;
  for (uint64_t received = 1; received <= 1000; ++received) {
    journal.Apply(Bytes(received));
  }
  const auto update = journal.Since(cursor);
  ASSERT_EQ(update.events.size(), 1U);
  EXPECT_EQ(std::get<TensorBytes>(update.events[0]).received, 1000U);
  EXPECT_TRUE(journal.Since(update.cursor).events.empty());
}

TEST(RunJournalTest, TheEndComesLast) {
  RunJournal journal(Summary(RunState::kRunning));
  const uint64_t cursor = journal.Since(0).cursor;
  journal.SetRun(Summary(RunState::kFinished));
  journal.Apply(Bytes(100));
  journal.Apply(RunNote{"done"});
  const auto update = journal.Since(cursor);
  EXPECT_TRUE(update.finished);
  ASSERT_EQ(update.events.size(), 3U);
  EXPECT_EQ(std::get<RunSummary>(update.events[2]).state, RunState::kFinished);
}

TEST(RunJournalTest, AWatcherOfAFinishedRunStillGetsTheEnd) {
  RunJournal journal(Summary(RunState::kFinished));
  const auto update = journal.Since(0);
  EXPECT_TRUE(update.finished);
  EXPECT_EQ(std::get<RunSnapshot>(update.events.front()).run.state, RunState::kFinished);
  EXPECT_EQ(std::get<RunSummary>(update.events.back()).state, RunState::kFinished);
}

}  // namespace
}  // namespace plumb::server
