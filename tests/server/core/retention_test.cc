// What goes and what stays; sizes and times by hand.
#include "server/core/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb::server {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kDay = int64_t{24} * 60 * 60 * 1000;
constexpr int64_t kNow = 1000 * kDay;

StoredRun SomeRun(const std::string& name,
                  uint64_t size,
                  int64_t days_ago,
                  std::vector<std::string> files = {}) {
  return {name, size, kNow - days_ago * kDay, false, false, std::move(files)};
}

StoredFile SomeFile(const std::string& name, uint64_t size, int64_t days_ago) {
  return {name, size, kNow - days_ago * kDay, false};
}

std::vector<std::string> Names(const std::vector<RetentionPlan::Item>& items) {
  std::vector<std::string> names;
  for (const auto& item : items) {
    names.push_back(item.name);
  }
  return names;
}

RetentionPolicy Days(int days) {
  RetentionPolicy policy;
  policy.age = hours(24) * days;
  return policy;
}

RetentionPolicy Bytes(uint64_t size) {
  RetentionPolicy policy;
  policy.size = size;
  return policy;
}

TEST(RetentionTest, WithoutALimitEverythingStays) {
  const auto plan = Retain({}, {SomeRun("a", 10, 900)}, {SomeFile("m", 5, 900)}, kNow);
  EXPECT_THAT(plan.runs, IsEmpty());
  EXPECT_THAT(plan.files, IsEmpty());
  EXPECT_EQ(plan.size_after, 15U);
}

TEST(RetentionTest, WhatIsOlderGoesOldestFirst) {
  const auto plan = Retain(Days(30),
                           {SomeRun("b", 10, 31), SomeRun("c", 10, 29), SomeRun("a", 10, 90)},
                           {SomeFile("old", 5, 31), SomeFile("new", 5, 29)},
                           kNow);
  EXPECT_THAT(Names(plan.runs), ElementsAre("a", "b"));
  EXPECT_THAT(Names(plan.files), ElementsAre("old"));
  EXPECT_EQ(plan.size_before, 40U);
  EXPECT_EQ(plan.size_after, 15U);
}

TEST(RetentionTest, PinnedAndNeededOnesStayHoweverOldTheyAre) {
  StoredRun pinned = SomeRun("pinned", 10, 90);
  pinned.pinned = true;
  StoredRun needed = SomeRun("needed", 10, 90);
  needed.needed = true;
  StoredFile file = SomeFile("queued", 5, 90);
  file.needed = true;
  RetentionPolicy policy = Days(1);
  policy.size = 0;
  const auto plan = Retain(policy, {pinned, needed}, {file}, kNow);
  EXPECT_THAT(plan.runs, IsEmpty());
  EXPECT_THAT(plan.files, IsEmpty());
  EXPECT_TRUE(plan.too_large);
}

TEST(RetentionTest, AFileStaysAsLongAsARunThatWasMadeOfIt) {
  const std::vector<StoredFile> files = {SomeFile("shared", 5, 90), SomeFile("own", 5, 90)};
  const auto plan =
      Retain(Days(30),
             {SomeRun("a", 10, 90, {"shared", "own"}), SomeRun("b", 10, 2, {"shared"})},
             files,
             kNow);
  EXPECT_THAT(Names(plan.runs), ElementsAre("a"));
  EXPECT_THAT(Names(plan.files), ElementsAre("own"));
}

TEST(RetentionTest, WithinTheGraceTimeNothingGoes) {
  RetentionPolicy policy = Bytes(0);
  policy.grace = hours(48);
  const auto plan = Retain(policy,
                           {SomeRun("a", 10, 1), SomeRun("b", 10, 2), SomeRun("c", 10, 3)},
                           {SomeFile("m", 5, 1)},
                           kNow);
  EXPECT_THAT(Names(plan.runs), ElementsAre("c")) << "exactly 48 hours ago is within";
  EXPECT_THAT(plan.files, IsEmpty());
}

TEST(RetentionTest, ForSizeFilesOfNoRunGoFirstThenRunsWithTheirFiles) {
  const std::vector<StoredRun> runs = {
      SomeRun("a", 10, 9, {"m"}), SomeRun("b", 10, 8, {"m"}), SomeRun("c", 10, 7)};
  const std::vector<StoredFile> files = {SomeFile("m", 100, 9), SomeFile("free", 7, 1)};
  EXPECT_THAT(Retain(Bytes(137), runs, files, kNow).files, IsEmpty())
      << "exactly as much as wanted";
  const auto one = Retain(Bytes(136), runs, files, kNow);
  EXPECT_THAT(Names(one.files), ElementsAre("free"));
  EXPECT_THAT(one.runs, IsEmpty());
  const auto two = Retain(Bytes(110), runs, files, kNow);
  EXPECT_THAT(Names(two.runs), ElementsAre("a", "b"));
  EXPECT_THAT(Names(two.files), ElementsAre("free"));
  EXPECT_EQ(two.size_after, 110U);
  const auto more = Retain(Bytes(109), runs, files, kNow);
  EXPECT_THAT(Names(more.runs), ElementsAre("a", "b")) << "the model goes with the last of the two";
  EXPECT_THAT(Names(more.files), ElementsAre("free", "m"));
  EXPECT_EQ(more.size_after, 10U);
  EXPECT_FALSE(more.too_large);
  EXPECT_EQ(more.runs.front().why, Removal::kSize);
}

TEST(RetentionTest, AgeComesBeforeSize) {
  RetentionPolicy policy = Days(30);
  policy.size = 10;
  const auto plan = Retain(policy, {SomeRun("a", 10, 40), SomeRun("b", 10, 3)}, {}, kNow);
  EXPECT_THAT(Names(plan.runs), ElementsAre("a"));
  EXPECT_EQ(plan.runs.front().why, Removal::kAge);
}

}  // namespace
}  // namespace plumb::server
