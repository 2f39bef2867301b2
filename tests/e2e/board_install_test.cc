// A board package from its making to its going: packed, unpacked, installed, started through its
// own script, used for a run, stopped, taken away.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/e2e/farm.h"
#include "tests/e2e/models.h"
#include "tests/support/process.h"

namespace plumb::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string Slurp(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> FilesBelow(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    files.push_back(fs::relative(entry.path(), folder));
  }
  std::sort(files.begin(), files.end());
  return files;
}

class BoardInstallTest : public testing::Test {
 protected:
  BoardInstallTest() {
    const Finished packed = Run({std::string(PLUMB_SOURCE_DIR) + "/tools/board-package",
                                 "--from",
                                 PLUMB_BINARY_DIR,
                                 "--out",
                                 folder_.path()});
    EXPECT_EQ(packed.exit.code, 0) << packed.err;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      archive_ = entry.path();
    }
    package_ = folder_.path() / "package";
    fs::create_directory(package_);
    EXPECT_EQ(Run({"tar", "-xzf", archive_, "--strip-components=1", "-C", package_}).exit.code, 0);
    fs::create_directories(root_ / "etc/init.d");
  }

  static Finished Run(const std::vector<std::string>& argv,
                      const std::map<std::string, std::string>& env = {}) {
    auto finished = RunProgram(argv, std::chrono::seconds(60), env);
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    return finished.ok() ? *finished : Finished();
  }

  Finished Agent(std::vector<std::string> flags) {
    flags.insert(flags.begin(), package_ / "bin/plumb-agent");
    flags.insert(flags.end(), {"--root", root_, "--prefix", kPrefix});
    return Run(flags);
  }

  static constexpr const char* kPrefix = "/mnt/sd/plumbline";
  TempFolder folder_ = *TempFolder::Create("plumb-board-");
  TempFolder root_folder_ = *TempFolder::Create("plumb-root-");
  fs::path root_ = root_folder_.path();
  fs::path archive_;
  fs::path package_;
};

TEST_F(BoardInstallTest, ThePackageIsTheSameEveryTime) {
  const std::string first = Slurp(archive_);
  ASSERT_GT(first.size(), 100'000U);
  const Finished again = Run({std::string(PLUMB_SOURCE_DIR) + "/tools/board-package",
                              "--from",
                              PLUMB_BINARY_DIR,
                              "--out",
                              folder_.path()});
  EXPECT_EQ(again.exit.code, 0) << again.err;
  EXPECT_TRUE(Slurp(archive_) == first);
}

TEST_F(BoardInstallTest, ADryRunWritesNothing) {
  const Finished finished = Agent({"--install", "--dry-run"});
  EXPECT_EQ(finished.exit.code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("would write   /mnt/sd/plumbline/bin/plumb-agent"));
  EXPECT_EQ(FilesBelow(root_), (std::vector<std::string>{"etc", "etc/init.d"}));
}

TEST_F(BoardInstallTest, InstallsTwiceKeepsTheConfigurationAndLeavesNothing) {
  ASSERT_EQ(Agent({"--install", "--name", "cam", "--tag", "a", "--tag", "b"}).exit.code, 0);
  const fs::path config = root_ / "mnt/sd/plumbline/etc/plumbline/agent.conf";
  EXPECT_THAT(Slurp(config), HasSubstr("name = cam\ntag = a\ntag = b\n"));
  EXPECT_TRUE(fs::exists(root_ / "etc/init.d/S90plumbline"));
  const Finished again = Agent({"--install", "--name", "other"});
  EXPECT_EQ(again.exit.code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("there already /mnt/sd/plumbline/bin/plumb-agent"));
  EXPECT_THAT(Slurp(config), HasSubstr("name = cam\n"));

  std::ofstream(config, std::ios::app) << "verbose = true\n";
  const Finished away = Agent({"--uninstall"});
  EXPECT_EQ(away.exit.code, 0) << away.err;
  EXPECT_THAT(away.out, HasSubstr("kept          /mnt/sd/plumbline/etc/plumbline/agent.conf"));
  EXPECT_TRUE(fs::exists(config));
  EXPECT_FALSE(fs::exists(root_ / "mnt/sd/plumbline/bin"));

  const Finished nothing = Agent({"--uninstall"});
  EXPECT_EQ(nothing.exit.code, 2);
  EXPECT_THAT(nothing.err, HasSubstr("nothing is installed below '/mnt/sd/plumbline'"));
  ASSERT_EQ(Agent({"--install"}).exit.code, 0);
  EXPECT_EQ(Agent({"--uninstall", "--purge"}).exit.code, 0);
  EXPECT_EQ(FilesBelow(root_), (std::vector<std::string>{"etc", "etc/init.d", "mnt", "mnt/sd"}));
}

TEST_F(BoardInstallTest, AnIncompletePackageAndABadPlaceAreSaid) {
  const Finished nowhere = Run(
      {package_ / "bin/plumb-agent", "--install", "--no-startup", "--prefix", "/proc/plumbline"});
  EXPECT_EQ(nowhere.exit.code, 2) << nowhere.out;
  EXPECT_THAT(nowhere.err, HasSubstr("'/proc/plumbline' cannot take the agent: it needs"));
  EXPECT_THAT(nowhere.err, HasSubstr("--prefix DIR puts everything elsewhere"));
  fs::remove(package_ / "share/plumbline/agent.conf");
  const Finished incomplete = Agent({"--install"});
  EXPECT_EQ(incomplete.exit.code, 2);
  EXPECT_THAT(incomplete.err, HasSubstr("the package is not complete"));
  const Finished relative =
      Run({package_ / "bin/plumb-agent", "--install", "--prefix", "here", "--root", root_});
  EXPECT_EQ(relative.exit.code, 2);
  EXPECT_THAT(relative.err, HasSubstr("must be absolute"));
}

// The scripts name the prefix as the board sees it, so here it is the same as the PC's.
TEST_F(BoardInstallTest, StartedByItsScriptItServesARunAndStops) {
  Farm farm;
  const std::string prefix = root_ / "sd";
  ASSERT_EQ(Run({package_ / "bin/plumb-agent",
                 "--install",
                 "--no-startup",
                 "--prefix",
                 prefix,
                 "--name",
                 "installed",
                 "--server",
                 farm.address(),
                 "--log",
                 "stderr",
                 "--cache",
                 root_ / "cache",
                 "--mi-library",
                 std::string(PLUMB_BINARY_DIR) + "/lib/libmi_ipu_virtual.so"})
                .exit.code,
            0);
  const std::map<std::string, std::string> env = {
      {"PLUMB_AGENT_PIDFILE", (root_ / "agent.pid").string()}, {"PLUMB_VIRTUAL_FAMILY", "S6"}};
  const std::string script = prefix + "/share/plumbline/plumb-agent.init";
  const auto call = [&](const char* verb) { return Run({"/bin/sh", script, verb}, env); };
  EXPECT_EQ(call("status").exit.code, 3);
  // The agent keeps the script's output open, as it does on a board; so it gets none to keep.
  // And a session of its own, since the test ends what is left of a program's group.
  EXPECT_EQ(
      Run({"setsid", "--wait", "/bin/sh", "-c", script + " start > /dev/null 2>&1"}, env).exit.code,
      0);
  EXPECT_EQ(call("status").exit.code, 0);
  farm.AwaitBoard("installed", true);
  const Finished run = farm.RunModel(BlazeFace("S6"), {"--board", "installed"});
  EXPECT_EQ(run.exit.code, 0) << run.out << run.err;
  EXPECT_THAT(call("start").out, HasSubstr("runs already"));
  EXPECT_THAT(call("stop").out, HasSubstr("stopped"));
  EXPECT_EQ(call("status").exit.code, 3);
  farm.AwaitBoard("installed", false);
}

}  // namespace
}  // namespace plumb::test
