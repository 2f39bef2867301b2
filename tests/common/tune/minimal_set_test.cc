#include "common/tune/minimal_set.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb::tune {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Set = std::set<size_t>;

std::vector<Candidate> Candidates(size_t count) {
  std::vector<Candidate> candidates(count);
  for (size_t i = 0; i < count; ++i) {
    candidates[i] = {"t" + std::to_string(i), 0, 1};
  }
  return candidates;
}

// Meets when all of `needed` are on; counts its calls and fails the test at a set judged twice.
class NeedsAll {
 public:
  explicit NeedsAll(Set needed) : needed_(std::move(needed)) {}

  Judge judge() {
    return [this](std::span<const size_t> on) -> Result<Judgement> {
      EXPECT_TRUE(std::is_sorted(on.begin(), on.end()));
      EXPECT_TRUE(seen_.emplace(on.begin(), on.end()).second) << "judged twice";
      return std::includes(on.begin(), on.end(), needed_.begin(), needed_.end())
                 ? Judgement::kMeets
                 : Judgement::kMisses;
    };
  }

  [[nodiscard]] size_t calls() const { return seen_.size(); }

 private:
  Set needed_;
  std::set<std::vector<size_t>> seen_;
};

TEST(MinimalSet, NothingIsNeeded) {
  NeedsAll check({});
  const auto found = FindMinimalSet(Candidates(50), check.judge());
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(found->on, IsEmpty());
  EXPECT_FALSE(found->impossible);
  EXPECT_EQ(found->judgements, 1U);
}

TEST(MinimalSet, AllAreNeeded) {
  Set all;
  for (size_t i = 0; i < 20; ++i) {
    all.insert(i);
  }
  NeedsAll check(all);
  const auto found = FindMinimalSet(Candidates(20), check.judge());
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->on.size(), 20U);
  EXPECT_EQ(found->cost, 20);
}

TEST(MinimalSet, SaysWhenNotEvenAllSuffice) {
  const auto found = FindMinimalSet(
      Candidates(7),
      [](std::span<const size_t>) -> Result<Judgement> { return Judgement::kMisses; });
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->impossible);
  // None, 1, 2, 4 and all.
  EXPECT_EQ(found->judgements, 5U);
}

TEST(MinimalSet, WithoutCandidatesThereIsNothingToTry) {
  NeedsAll check({0});
  const auto found = FindMinimalSet({}, check.judge());
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->impossible);
  EXPECT_EQ(check.calls(), 1U);
}

// The most sensitive one alone: none (1), the first (2), and that removing it misses is known.
TEST(MinimalSet, AGoodGuessCostsTwoJudgements) {
  std::vector<Candidate> candidates = Candidates(64);
  candidates[41].sensitivity = 9;
  NeedsAll check({41});
  const auto found = FindMinimalSet(candidates, check.judge());
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(found->on, ElementsAre(41));
  EXPECT_EQ(check.calls(), 2U);
}

// One of 1024 at the worst place: 11 doublings and as many halvings for the prefix, then about ten
// to leave the rest out.
TEST(MinimalSet, OneInAThousandIsFoundInAboutThreeTimesLog2) {
  NeedsAll check({1023});
  const auto found = FindMinimalSet(Candidates(1024), check.judge());
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(found->on, ElementsAre(1023));
  EXPECT_LE(check.calls(), 35U);
  EXPECT_EQ(found->judgements, check.calls());
}

TEST(MinimalSet, FindsWhateverIsNeededOfRandomSets) {
  std::mt19937 random(20261122);
  for (int round = 0; round < 200; ++round) {
    const size_t count = 1 + random() % 60;
    Set needed;
    for (size_t i = random() % (std::min<size_t>(count, 8) + 1); i > 0; --i) {
      needed.insert(random() % count);
    }
    std::vector<Candidate> candidates = Candidates(count);
    for (Candidate& candidate : candidates) {
      candidate.sensitivity = static_cast<double>(random() % 5);
      candidate.cost = static_cast<double>(random() % 5);
    }
    NeedsAll check(needed);
    const auto found = FindMinimalSet(candidates, check.judge());
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(Set(found->on.begin(), found->on.end()), needed) << "round " << round;
    const auto k = static_cast<double>(needed.size());
    EXPECT_LE(static_cast<double>(check.calls()),
              4 + 2 * std::log2(count) + 2 * k * (1 + std::log2(count)) + k)
        << "round " << round;
  }
}

// Budgets: each candidate on brings so much, and enough of them is enough. Many minimal sets.
TEST(MinimalSet, OfManyAnswersEachIsMinimal) {
  std::mt19937 random(7);
  for (int round = 0; round < 100; ++round) {
    const size_t count = 2 + random() % 30;
    std::vector<Candidate> candidates = Candidates(count);
    std::vector<int> gain(count);
    int total = 0;
    for (size_t i = 0; i < count; ++i) {
      gain[i] = static_cast<int>(random() % 10);
      candidates[i].sensitivity = gain[i];
      total += gain[i];
    }
    const int wanted = total / 2;
    const auto brings = [&](std::span<const size_t> on) {
      int sum = 0;
      for (const size_t i : on) {
        sum += gain[i];
      }
      return sum >= wanted;
    };
    const auto found =
        FindMinimalSet(candidates, [&](std::span<const size_t> on) -> Result<Judgement> {
          return brings(on) ? Judgement::kMeets : Judgement::kMisses;
        });
    ASSERT_TRUE(found.ok());
    EXPECT_TRUE(brings(found->on));
    for (size_t i = 0; i < found->on.size(); ++i) {
      std::vector<size_t> without = found->on;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_FALSE(brings(without)) << "round " << round;
    }
  }
}

// More on may be worse: any function of the set, and still the answer meets and is 1-minimal.
TEST(MinimalSet, ACheckThatIsNotRegularIsAnsweredRightAllTheSame) {
  std::mt19937 random(99);
  for (int round = 0; round < 200; ++round) {
    constexpr size_t kCount = 7;
    std::vector<bool> meets(size_t{1} << kCount);
    for (size_t i = 0; i < meets.size(); ++i) {
      meets[i] = random() % 4 == 0;
    }
    meets.front() = false;
    meets.back() = true;
    const auto mask = [](std::span<const size_t> on) {
      size_t bits = 0;
      for (const size_t i : on) {
        bits |= size_t{1} << i;
      }
      return bits;
    };
    const auto found =
        FindMinimalSet(Candidates(kCount), [&](std::span<const size_t> on) -> Result<Judgement> {
          return meets[mask(on)] ? Judgement::kMeets : Judgement::kMisses;
        });
    ASSERT_TRUE(found.ok());
    EXPECT_TRUE(meets[mask(found->on)]) << "round " << round;
    for (const size_t i : found->on) {
      EXPECT_FALSE(meets[mask(found->on) & ~(size_t{1} << i)]) << "round " << round;
    }
  }
}

TEST(MinimalSet, AmongEquallySensitiveTheCheaperIsTaken) {
  std::vector<Candidate> candidates = Candidates(2);
  candidates[0].cost = 5;
  candidates[1].cost = 3;
  const auto found =
      FindMinimalSet(candidates, [](std::span<const size_t> on) -> Result<Judgement> {
        return on.empty() ? Judgement::kMisses : Judgement::kMeets;
      });
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(found->on, ElementsAre(1));
  EXPECT_EQ(found->cost, 3);
}

TEST(MinimalSet, WhatCannotBeJudgedCountsAsAMissAndIsTold) {
  const auto found =
      FindMinimalSet(Candidates(4), [](std::span<const size_t> on) -> Result<Judgement> {
        if (on.size() == 2) {
          return Judgement::kUnknown;
        }
        return on.size() >= 3 ? Judgement::kMeets : Judgement::kMisses;
      });
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->on.size(), 3U);
  EXPECT_GE(found->unknown, 1U);
}

TEST(MinimalSet, AnErrorAndTooManyJudgementsEndIt) {
  const auto failed = FindMinimalSet(
      Candidates(4),
      [](std::span<const size_t>) -> Result<Judgement> { return UnavailableError("no board"); });
  EXPECT_EQ(failed.status().code(), StatusCode::kUnavailable);
  NeedsAll check({3, 9, 20});
  MinimalSetOptions few;
  few.max_judgements = 5;
  EXPECT_EQ(FindMinimalSet(Candidates(40), check.judge(), few).status().code(),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(check.calls(), 5U);
}

TEST(MinimalSet, NumbersThatAreNoneAreRefused) {
  std::vector<Candidate> candidates = Candidates(1);
  candidates[0].sensitivity = std::numeric_limits<double>::quiet_NaN();
  NeedsAll check({0});
  EXPECT_EQ(FindMinimalSet(candidates, check.judge()).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumb::tune
