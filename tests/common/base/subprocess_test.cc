#include "common/base/subprocess.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"

namespace plumb {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::HasSubstr;

SubprocessOptions Shell(const std::string& script) {
  SubprocessOptions options;
  options.argv = {"sh", "-c", script};
  return options;
}

ExitInfo RunToEnd(const SubprocessOptions& options) {
  auto child = Subprocess::Start(options);
  EXPECT_TRUE(child.ok()) << child.status().ToString();
  return child.ok() ? child->Wait() : ExitInfo{};
}

struct Pipe {
  Pipe() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader = UniqueFd(ends[0]);
    writer = UniqueFd(ends[1]);
  }

  // All that is written until every writer is gone.
  std::string ReadAll() {
    writer.Reset();
    std::string text;
    char block[256];
    for (ssize_t got = ::read(reader.get(), block, sizeof block); got > 0;
         got = ::read(reader.get(), block, sizeof block)) {
      text.append(block, static_cast<size_t>(got));
    }
    return text;
  }

  UniqueFd reader;
  UniqueFd writer;
};

// What the script prints.
std::string OutputOf(SubprocessOptions options) {
  Pipe pipe;
  options.descriptors[1] = pipe.writer.get();
  auto child = Subprocess::Start(options);
  EXPECT_TRUE(child.ok()) << child.status().ToString();
  return pipe.ReadAll();
}

TEST(Subprocess, TellsExitCodes) {
  const ExitInfo good = RunToEnd(Shell("exit 0"));
  EXPECT_TRUE(good.clean());
  EXPECT_EQ(good.signal, std::nullopt);
  const ExitInfo bad = RunToEnd(Shell("exit 3"));
  EXPECT_EQ(bad.code, 3);
  EXPECT_FALSE(bad.clean());
  EXPECT_EQ(bad.ToString(), "exit code 3");
}

TEST(Subprocess, TellsSignals) {
  const ExitInfo info = RunToEnd(Shell("kill -SEGV $$"));
  EXPECT_EQ(info.signal, SIGSEGV);
  EXPECT_EQ(info.code, std::nullopt);
  EXPECT_EQ(info.ToString(), "signal 11 (Segmentation fault)");
}

TEST(Subprocess, AMissingProgramIsAnErrorThatNamesIt) {
  SubprocessOptions options;
  options.argv = {"/nonexistent/plumb-runner"};
  const Status status = Subprocess::Start(options).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("/nonexistent/plumb-runner"));
  options.argv = {"no-such-program-in-the-path"};
  EXPECT_EQ(Subprocess::Start(options).status().code(), StatusCode::kNotFound);
  options.argv = {"/etc/passwd"};
  EXPECT_EQ(Subprocess::Start(options).status().code(), StatusCode::kPermissionDenied);
  options.argv = {};
  EXPECT_EQ(Subprocess::Start(options).status().code(), StatusCode::kInvalidArgument);
  options.argv = {"sh"};
  options.working_folder = "/nonexistent";
  EXPECT_EQ(Subprocess::Start(options).status().code(), StatusCode::kNotFound);
}

TEST(Subprocess, PassesEnvironmentAndFolder) {
  SubprocessOptions options = Shell("printf '%s %s %s' \"$PLUMB_A\" \"${HOME:+home}\" \"$PWD\"");
  ::setenv("PLUMB_A", "parent", 1);
  options.extra_environment = {{"PLUMB_A", "child"}};
  options.working_folder = "/";
  EXPECT_EQ(OutputOf(options), std::string("child ") + (::getenv("HOME") ? "home" : "") + " /");
  EXPECT_STREQ(::getenv("PLUMB_A"), "parent");
}

TEST(Subprocess, PassesDescriptorsUnderTheirNewNumbers) {
  Pipe a;
  Pipe b;
  SubprocessOptions options = Shell("printf a >&4; printf b >&3");
  // Crossed on purpose: neither may overwrite the other before it is moved.
  options.descriptors = {{3, b.writer.get()}, {4, a.writer.get()}};
  EXPECT_TRUE(RunToEnd(options).clean());
  EXPECT_EQ(a.ReadAll(), "a");
  EXPECT_EQ(b.ReadAll(), "b");
}

TEST(Subprocess, ClosesAllOtherDescriptors) {
  // Without O_CLOEXEC, as a library might open it; 200 is no number the shell uses itself.
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd careless(::fcntl(null.get(), F_DUPFD, 200));
  ASSERT_GE(careless.get(), 200);
  Pipe extra;
  const std::string inherited = "/proc/$$/fd/" + std::to_string(careless.get());
  SubprocessOptions options =
      Shell("[ -e " + inherited + " ] && printf leaked; [ -e /proc/$$/fd/5 ] && printf passed");
  options.descriptors[5] = extra.writer.get();
  EXPECT_EQ(OutputOf(options), "passed");
}

TEST(Subprocess, ABadDescriptorIsAnError) {
  SubprocessOptions options = Shell("exit 0");
  options.descriptors[3] = 9999;
  EXPECT_FALSE(Subprocess::Start(options).ok());
}

TEST(Subprocess, WaitingEndsWithItsTimeAndTheChildGoesOn) {
  Pipe pipe;
  SubprocessOptions options = Shell("read line <&3; exit 7");
  options.descriptors[3] = pipe.reader.get();
  auto child = Subprocess::Start(options);
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(child->WaitFor(milliseconds(0)), std::nullopt);
  EXPECT_EQ(child->WaitFor(milliseconds(1)), std::nullopt);
  ASSERT_EQ(::write(pipe.writer.get(), "x\n", 2), 2);
  const auto info = child->WaitFor(hours(1));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->code, 7);
  EXPECT_EQ(child->WaitFor(milliseconds(0))->code, 7) << "the end stays known";
  child->Kill(SIGKILL);  // must not hit whoever has the number now
}

TEST(Subprocess, KillsTheWholeGroup) {
  Pipe alive;
  SubprocessOptions options = Shell("sleep 1000 & sleep 1000 & printf ok >&3; wait");
  options.descriptors[3] = alive.writer.get();
  auto child = Subprocess::Start(options);
  ASSERT_TRUE(child.ok());
  char text[2];
  ASSERT_EQ(::read(alive.reader.get(), text, 2), 2);
  child->Kill(SIGKILL);
  EXPECT_EQ(child->Wait().signal, SIGKILL);
  // The pipe ends only when the grandchildren, who hold it too, are gone.
  EXPECT_EQ(alive.ReadAll(), "");
}

TEST(Subprocess, GrandchildrenDieWithTheChildThatLeftThem) {
  Pipe alive;
  SubprocessOptions options = Shell("sleep 1000 & exit 0");
  options.descriptors[3] = alive.writer.get();
  EXPECT_TRUE(RunToEnd(options).clean());
  EXPECT_EQ(alive.ReadAll(), "");
}

TEST(Subprocess, TheDestructorLeavesNothingBehind) {
  Pipe alive;
  SubprocessOptions options = Shell("trap '' TERM; sleep 1000");
  options.descriptors[3] = alive.writer.get();
  pid_t pid = -1;
  {
    auto child = Subprocess::Start(options);
    ASSERT_TRUE(child.ok());
    const Subprocess moved = *std::move(child);
    pid = moved.pid();
  }
  EXPECT_EQ(alive.ReadAll(), "");
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1) << "it was reaped";
}

TEST(Subprocess, KillFromAnotherThreadEndsTheWait) {
  auto child = Subprocess::Start(Shell("sleep 1000"));
  ASSERT_TRUE(child.ok());
  std::thread killer([&] { child->Kill(SIGTERM); });
  const auto info = child->WaitFor(hours(1));
  killer.join();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->signal, SIGTERM);
}

TEST(Subprocess, DiesWithItsParent) {
  Pipe alive;
  const pid_t parent = ::fork();
  ASSERT_GE(parent, 0);
  if (parent == 0) {
    SubprocessOptions options = Shell("printf ok >&3; exec sleep 1000");
    options.descriptors[3] = alive.writer.get();
    auto child = Subprocess::Start(options);
    char text[2];
    const bool up = child.ok() && ::read(alive.reader.get(), text, 2) == 2;
    ::_exit(up ? 0 : 1);  // the destructor does not run
  }
  int status = 0;
  ASSERT_EQ(::waitpid(parent, &status, 0), parent);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(alive.ReadAll(), "") << "ends only when the orphan is gone";
}

TEST(Subprocess, StartsWithADefaultSignalMask) {
  sigset_t block;
  sigset_t before;
  sigemptyset(&block);
  sigaddset(&block, SIGTERM);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &block, &before), 0);
  const ExitInfo info = RunToEnd(Shell("kill -TERM $$; exit 0"));
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
  EXPECT_EQ(info.signal, SIGTERM);
}

}  // namespace
}  // namespace plumb
