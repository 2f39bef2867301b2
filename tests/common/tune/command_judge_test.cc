#include "common/tune/command_judge.h"

#include <fstream>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "common/base/file.h"

namespace plumb::tune {
namespace {

class CommandJudgeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // The shell has to be given such a name whole.
    auto folder = TempFolder::Create("it's $(a) folder-");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(std::move(*folder));
  }

  CommandJudgeOptions Options(const std::string& command) const {
    CommandJudgeOptions options;
    options.command = command;
    options.folder = folder_->path();
    options.write = [](std::span<const size_t> on, const std::filesystem::path& path) {
      std::ofstream file(path);
      for (const size_t index : on) {
        file << "t" << index << "\n";
      }
      return OkStatus();
    };
    return options;
  }

  Result<Judgement> Ask(const std::string& command, std::vector<size_t> on = {}) const {
    const auto judge = MakeCommandJudge(Options(command), cancel_);
    EXPECT_TRUE(judge.ok()) << judge.status().ToString();
    return (*judge)(on);
  }

  std::optional<TempFolder> folder_;
  CancelToken cancel_;
};

TEST_F(CommandJudgeTest, ExitCodesMeanWhatGitBisectSays) {
  EXPECT_EQ(*Ask("true {ini}"), Judgement::kMeets);
  EXPECT_EQ(*Ask("exit 1; {ini}"), Judgement::kMisses);
  EXPECT_EQ(*Ask("exit 124; {ini}"), Judgement::kMisses);
  EXPECT_EQ(*Ask("exit 125; {ini}"), Judgement::kUnknown);
  EXPECT_EQ(*Ask("exit 126; {ini}"), Judgement::kMisses);
  EXPECT_EQ(*Ask("exit 127; {ini}"), Judgement::kMisses);
}

TEST_F(CommandJudgeTest, TheCommandReadsExactlyWhatIsRaised) {
  EXPECT_EQ(*Ask("grep -qx t3 {ini} && grep -qx t12 {ini} && test $(wc -l < {ini}) = 2", {3, 12}),
            Judgement::kMeets);
  EXPECT_EQ(*Ask("grep -qx t3 {ini}", {12}), Judgement::kMisses);
}

TEST_F(CommandJudgeTest, AFatalEndStopsTheSearchAndShowsWhatWasPrinted) {
  const auto judged = Ask("echo out; echo 'bad\001thing' >&2; exit 200; {ini}");
  EXPECT_EQ(judged.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(judged.status().message().find("exit code 200"), std::string::npos);
  EXPECT_NE(judged.status().message().find("out\n  bad\\x01thing"), std::string::npos)
      << judged.status().message();
  EXPECT_EQ(Ask("kill -9 $$; {ini}").status().code(), StatusCode::kUnavailable);
}

TEST_F(CommandJudgeTest, ACommandThatHangsIsEndedWithAllItStarted) {
  CommandJudgeOptions options = Options("sleep 1000 & echo started; wait; {ini}");
  options.timeout = std::chrono::milliseconds(300);
  const auto judge = MakeCommandJudge(options, cancel_);
  ASSERT_TRUE(judge.ok());
  EXPECT_EQ((*judge)({}).status().code(), StatusCode::kDeadlineExceeded);
}

TEST_F(CommandJudgeTest, CancellingEndsTheCommand) {
  const auto judge = MakeCommandJudge(Options(": {ini}; sleep 1000"), cancel_);
  ASSERT_TRUE(judge.ok());
  std::thread canceller([&] {
    // The command is under way once its log exists.
    while (!std::filesystem::exists(folder_->path() / "command.log")) {
      std::this_thread::yield();
    }
    cancel_.Cancel();
  });
  EXPECT_EQ((*judge)({}).status().code(), StatusCode::kCancelled);
  canceller.join();
  EXPECT_EQ((*judge)({}).status().code(), StatusCode::kCancelled);
}

TEST_F(CommandJudgeTest, AConfigurationThatCannotBeWrittenEndsTheSearch) {
  CommandJudgeOptions options = Options("true {ini}");
  options.write = [](std::span<const size_t>, const std::filesystem::path&) {
    return ResourceExhaustedError("disk full");
  };
  const auto judge = MakeCommandJudge(options, cancel_);
  ASSERT_TRUE(judge.ok());
  EXPECT_EQ((*judge)({}).status().code(), StatusCode::kResourceExhausted);
}

TEST_F(CommandJudgeTest, ACommandWithoutAPlaceForTheFileIsRefused) {
  const auto judge = MakeCommandJudge(Options("true"), cancel_);
  EXPECT_EQ(judge.status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumb::tune
