#include "common/tune/replay.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "common/base/file.h"

namespace plumb::tune {
namespace {

class ReplayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempFolder::Create("replay-");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(std::move(*folder));
    path_ = folder_->path() / "search.jsonl";
  }

  void Write(const std::string& text) const { std::ofstream(path_) << text; }

  [[nodiscard]] std::string Read() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  const std::vector<Candidate> candidates_ = {{"a/b", 0, 0}, {"c \"d\"", 0, 0}, {"e", 0, 0}};
  std::optional<TempFolder> folder_;
  std::filesystem::path path_;
};

constexpr const char* kHead = "{\"problem\":\"p\",\"schema\":\"plumb.tune-replay/1\"}\n";

TEST_F(ReplayTest, AnInterruptedSearchGoesOnWithoutAskingAgain) {
  int asked = 0;
  const Judge judge = [&](std::span<const size_t> on) -> Result<Judgement> {
    if (++asked == 3) {
      return CancelledError("interrupted");
    }
    return on.size() == 3 ? Judgement::kMeets : Judgement::kMisses;
  };
  {
    auto replay = Replay::Open(path_, "p", candidates_);
    ASSERT_TRUE(replay.ok()) << replay.status().ToString();
    EXPECT_EQ(FindMinimalSet(candidates_, replay->Wrap(judge)).status().code(),
              StatusCode::kCancelled);
  }
  EXPECT_EQ(asked, 3);
  auto replay = Replay::Open(path_, "p", candidates_);
  ASSERT_TRUE(replay.ok()) << replay.status().ToString();
  EXPECT_EQ(replay->loaded(), 2U);
  const auto found = FindMinimalSet(candidates_, replay->Wrap(judge));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->on.size(), 3U);
  const int first_time = asked;
  auto again = Replay::Open(path_, "p", candidates_);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(FindMinimalSet(candidates_, again->Wrap(judge))->on.size(), 3U);
  EXPECT_EQ(asked, first_time) << "everything is known";
}

TEST_F(ReplayTest, TheFileSaysNamesAndJudgements) {
  auto replay = Replay::Open(path_, "p", candidates_);
  ASSERT_TRUE(replay.ok());
  const Judge judge = replay->Wrap(
      [](std::span<const size_t>) -> Result<Judgement> { return Judgement::kUnknown; });
  ASSERT_TRUE(judge(std::vector<size_t>{0, 1}).ok());
  EXPECT_EQ(Read(),
            std::string(kHead) + "{\"judgement\":\"unknown\",\"on\":[\"a/b\",\"c \\\"d\\\"\"]}\n");
}

TEST_F(ReplayTest, ALineThatACrashCutOffIsDropped) {
  Write(std::string(kHead) + "{\"on\":[\"e\"],\"judgement\":\"misses\"}\n{\"on\":[\"a/b");
  {
    auto replay = Replay::Open(path_, "p", candidates_);
    ASSERT_TRUE(replay.ok()) << replay.status().ToString();
    EXPECT_EQ(replay->loaded(), 1U);
    const Judge judge = replay->Wrap(
        [](std::span<const size_t>) -> Result<Judgement> { return Judgement::kMeets; });
    EXPECT_EQ(*judge(std::vector<size_t>{2}), Judgement::kMisses) << "from the file";
    EXPECT_EQ(*judge(std::vector<size_t>{0}), Judgement::kMeets);
  }
  EXPECT_EQ(Replay::Open(path_, "p", candidates_)->loaded(), 2U);
}

TEST_F(ReplayTest, AnotherSearchsFileIsRefusedAndKept) {
  Write(kHead);
  const auto other = Replay::Open(path_, "q", candidates_);
  EXPECT_EQ(other.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Read(), kHead);
}

TEST_F(ReplayTest, WhatIsNoReplayFileIsRefusedWithItsLine) {
  const std::pair<std::string, std::string> cases[] = {
      {"hello\n", "no replay file"},
      {"[1]\n", "no replay file"},
      {std::string(kHead) + "{}\n", "line 2"},
      {std::string(kHead) + "{\"on\":[\"e\"],\"judgement\":\"meets\"}\n[]\n", "line 3"},
      {std::string(kHead) + "{\"on\":[\"nobody\"],\"judgement\":\"meets\"}\n", "not searched"},
      {std::string(kHead) + "{\"on\":\"e\",\"judgement\":\"meets\"}\n", "line 2"},
      {std::string(kHead) + "{\"on\":[7],\"judgement\":\"meets\"}\n", "line 2"},
      {std::string(kHead) + "{\"on\":[\"e\"],\"judgement\":\"maybe\"}\n", "line 2"}};
  for (const auto& [text, part] : cases) {
    Write(text);
    const auto replay = Replay::Open(path_, "p", candidates_);
    ASSERT_FALSE(replay.ok()) << text;
    EXPECT_EQ(replay.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(replay.status().message().find(part), std::string::npos) << replay.status().message();
  }
}

TEST_F(ReplayTest, TwoTensorsOfOneNameAreRefused) {
  const std::vector<Candidate> twice = {{"a", 0, 0}, {"a", 0, 0}};
  EXPECT_EQ(Replay::Open(path_, "p", twice).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumb::tune
