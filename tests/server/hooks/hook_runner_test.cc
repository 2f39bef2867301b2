// Hooks as real child processes.
#include "server/hooks/hook_runner.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/base/unique_fd.h"

namespace plumb::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;
using testing::HasSubstr;

class HookRunnerTest : public testing::Test {
 protected:
  // A hook that runs `script` in a shell of its own.
  [[nodiscard]] static std::string Entry(const std::string& script, const std::string& more = "") {
    return R"({"command": ["/bin/sh", "-c", ")" + script + "\"]" + more + "}";
  }

  // The outcome of `hooks` of a board with this configuration.
  static Status Run(const std::string& json, std::vector<Hook> hooks) {
    auto config = HookConfig::Parse(json);
    EXPECT_TRUE(config.ok()) << config.status().ToString();
    HookRunner runner(*std::move(config));
    std::promise<Status> outcome;
    runner.Run("cam", "r1", "it \x1b hung", std::move(hooks), [&](const Status& status) {
      outcome.set_value(status);
    });
    return outcome.get_future().get();
  }

  [[nodiscard]] std::string Text(const std::string& name) const {
    const auto text = ReadFile(folder_.path() / name);
    return text.ok() ? std::string(text->view()) : "";
  }

  [[nodiscard]] std::string Path(const std::string& name) const {
    return (folder_.path() / name).string();
  }

  TempFolder folder_ = *TempFolder::Create("plumb-hooks-");
};

TEST_F(HookRunnerTest, RunsInOrderWithWhatItIsRunFor) {
  const std::string script =
      Entry("echo $PLUMB_HOOK $PLUMB_BOARD $PLUMB_RUN \\\"$PLUMB_REASON\\\" >> " + Path("log"));
  EXPECT_TRUE(Run(R"({"*": {"on_hang": )" + script + R"(, "power_cycle": )" + script + "}}",
                  {Hook::kOnHang, Hook::kFlash, Hook::kPowerCycle})
                  .ok());
  EXPECT_EQ(Text("log"), "on_hang cam r1 it \\x1b hung\npower_cycle cam r1 it \\x1b hung\n");
}

TEST_F(HookRunnerTest, WithoutAShellNothingIsExpanded) {
  const std::string json =
      R"({"*": {"flash": {"command": ["/usr/bin/touch", ")" + Path("$PLUMB_BOARD;ls") + R"("]}}})";
  EXPECT_TRUE(Run(json, {Hook::kFlash}).ok());
  EXPECT_TRUE(std::filesystem::exists(Path("$PLUMB_BOARD;ls")));
}

TEST_F(HookRunnerTest, AFailureTellsItsLastWordsAndEndsTheRest) {
  const std::string json = R"({"*": {"on_hang": )" +
                           Entry("echo first; echo no such port >&2; exit 3") +
                           R"(, "power_cycle": )" + Entry("touch " + Path("cycled")) + "}}";
  const Status status = Run(json, {Hook::kOnHang, Hook::kPowerCycle});
  EXPECT_EQ(status.reason(), "hook_failed");
  EXPECT_THAT(status.message(),
              HasSubstr("hook on_hang of board 'cam' ended with exit code 3: no such port"));
  EXPECT_FALSE(std::filesystem::exists(Path("cycled")));
}

TEST_F(HookRunnerTest, AFailureMayBeAllowed) {
  const std::string json = R"({"*": {"on_hang": )" +
                           Entry("exit 3", R"(, "on_failure": "continue")") +
                           R"(, "power_cycle": )" + Entry("touch " + Path("cycled")) + "}}";
  EXPECT_TRUE(Run(json, {Hook::kOnHang, Hook::kPowerCycle}).ok());
  EXPECT_TRUE(std::filesystem::exists(Path("cycled")));
}

TEST_F(HookRunnerTest, AProgramThatIsMissingIsAFailure) {
  const Status status =
      Run(R"({"*": {"flash": {"command": ["/nonexistent/tool"]}}})", {Hook::kFlash});
  EXPECT_EQ(status.reason(), "hook_failed");
  EXPECT_THAT(status.message(), HasSubstr("could not be started"));
}

TEST_F(HookRunnerTest, ATimeOutKillsTheWholeGroup) {
  const std::string json =
      R"({"*": {"flash": )" +
      Entry("sleep 600 & echo $! > " + Path("pid") + "; wait", R"(, "timeout_seconds": 1)") + "}}";
  const auto begin = Clock::now();
  const Status status = Run(json, {Hook::kFlash});
  EXPECT_THAT(status.message(), HasSubstr("was killed after 1"));
  EXPECT_LT(Clock::now() - begin, seconds(60));
  const auto pid = ParseInt(Trim(Text("pid")));
  ASSERT_TRUE(pid);
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  if (process.valid()) {  // else it is reaped already
    pollfd dead{process.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&dead, 1, 20'000), 1) << "the sleeper lives on";
  }
}

TEST_F(HookRunnerTest, OneThatTalksWithoutEndIsHeardToItsEndOnly) {
  const std::string json =
      R"({"*": {"flash": )" + Entry("yes noise | head -c 3000000; echo; echo over; exit 1") + "}}";
  EXPECT_THAT(Run(json, {Hook::kFlash}).message(), testing::EndsWith("exit code 1: over"));
}

TEST_F(HookRunnerTest, AtTheEndOfTheServerWhatRunsIsEnded) {
  auto config = HookConfig::Parse(R"({"*": {"flash": )" + Entry("sleep 600") + "}}");
  HookRunner runner(*std::move(config));
  std::promise<Status> outcome;
  runner.Run(
      "cam", "r1", "", {Hook::kFlash}, [&](const Status& status) { outcome.set_value(status); });
  runner.EndWithin(milliseconds(100));
  const Status status = outcome.get_future().get();
  EXPECT_THAT(status.message(), HasSubstr("was killed after"));
  EXPECT_EQ(status.code(), StatusCode::kCancelled) << "no fault of the board's";
}

}  // namespace
}  // namespace plumb::server
