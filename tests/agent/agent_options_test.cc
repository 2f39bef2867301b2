#include "agent/app/agent_options.h"

#include <gtest/gtest.h>

#include "common/runner/failure.h"

namespace plumb::agent {
namespace {

std::vector<std::string> With(const std::vector<std::string>& more) {
  std::vector<std::string> all = {
      "--server", "127.0.0.1:7070", "--name", "cam", "--cache", "/tmp/c"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

void ExpectUsage(const std::vector<std::string>& arguments, const std::string& flag) {
  const auto parsed = ParseAgentOptions(arguments);
  ASSERT_FALSE(parsed.ok()) << flag;
  EXPECT_EQ(parsed.status().reason(), kReasonUsage) << flag;
  EXPECT_NE(parsed.status().message().find(flag), std::string::npos) << parsed.status().ToString();
  EXPECT_FALSE(parsed.status().hint().empty()) << flag;
}

TEST(AgentOptionsTest, ReadsEveryFlag) {
  const auto parsed = ParseAgentOptions(With({"--tag",
                                              "s6",
                                              "--tag",
                                              "lab",
                                              "--cache-size",
                                              "64MiB",
                                              "--virtual",
                                              "1.x,fault=hang:2",
                                              "--runner",
                                              "qemu-arm './plumb runner' -x",
                                              "--abi",
                                              "gen-c"}));
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  const AgentOptions& options = parsed->options;
  EXPECT_EQ(options.server.ToString(), "127.0.0.1:7070");
  EXPECT_EQ(options.name, "cam");
  EXPECT_EQ(options.tags, (std::vector<std::string>{"s6", "lab"}));
  EXPECT_EQ(options.cache_size, uint64_t{64} * 1024 * 1024);
  EXPECT_EQ(options.virtual_board->family, "1.x");
  EXPECT_EQ(options.virtual_board->fault, "hang");
  EXPECT_EQ(options.virtual_board->only_run, 2u);
  EXPECT_EQ(options.runner, (std::vector<std::string>{"qemu-arm", "./plumb runner", "-x"}));
  EXPECT_EQ(options.abi, "gen-c");
}

TEST(AgentOptionsTest, TheLibraryOfARealBoard) {
  const auto parsed = ParseAgentOptions(With({"--mi-library", "/config/lib/libmi_ipu.so"}));
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(parsed->options.mi_library, "/config/lib/libmi_ipu.so");
  EXPECT_FALSE(parsed->options.virtual_board);
  EXPECT_EQ(parsed->options.cache_size, uint64_t{256} * 1024 * 1024);
}

TEST(AgentOptionsTest, NamesTheFlagThatIsWrong) {
  ExpectUsage({"--name", "cam", "--cache", "/tmp/c", "--virtual", "S6"}, "--server");
  ExpectUsage({"--server", "127.0.0.1:1", "--cache", "/tmp/c", "--virtual", "S6"}, "--name");
  ExpectUsage({"--server", "127.0.0.1:1", "--name", "cam", "--virtual", "S6"}, "--cache");
  ExpectUsage(With({}), "--virtual");
  ExpectUsage(With({"--virtual", "S6", "--mi-library", "x"}), "--mi-library");
  ExpectUsage(With({"--virtual", "S9"}), "--virtual");
  ExpectUsage(With({"--virtual", "S6,fault=tired"}), "--virtual");
  ExpectUsage(With({"--virtual", "S6,hang"}), "--virtual");
  ExpectUsage(With({"--virtual", "S6,fault=hang:0"}), "--virtual");
  ExpectUsage(With({"--virtual", "S6,fault=hang:1:2"}), "--virtual");
  ExpectUsage(With({"--virtual", "S6", "--cache-size", "0"}), "--cache-size");
  ExpectUsage(With({"--virtual", "S6", "--tag", "a\nb"}), "--tag");
  ExpectUsage(With({"--virtual", "S6", "--speed", "9"}), "--speed");
  ExpectUsage(With({"--virtual", "S6", "--runner", "'open"}), "--runner");
}

TEST(AgentOptionsTest, AnotherMachineNeedsInsecure) {
  std::vector<std::string> arguments = {
      "--server", "192.168.1.10:7070", "--name", "cam", "--cache", "/tmp/c", "--virtual", "S6"};
  ExpectUsage(arguments, "--server");
  arguments.emplace_back("--insecure");
  EXPECT_TRUE(ParseAgentOptions(arguments).ok());
}

TEST(AgentOptionsTest, HelpAndVersionAreTextsToPrint) {
  for (const char* flag : {"--help", "--version"}) {
    const auto parsed = ParseAgentOptions({flag});
    ASSERT_TRUE(parsed.ok()) << flag;
    EXPECT_NE(parsed->print->find("plumb-agent"), std::string::npos) << flag;
  }
}

TEST(SplitArgumentsTest, TakesWordsAndQuotes) {
  EXPECT_EQ(*SplitArguments("  a  'b c' d\"e f\"g '' "),
            (std::vector<std::string>{"a", "b c", "de fg", ""}));
  EXPECT_FALSE(SplitArguments("").ok());
  EXPECT_FALSE(SplitArguments("   ").ok());
}

TEST(AgentOptionsTest, CoreAndPriorityGoToTheRunner) {
  const auto parsed =
      ParseAgentOptions(With({"--virtual", "S3", "--core", "1", "--priority", "-10"}));
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(parsed->options.runner_flags,
            (std::vector<std::string>{"--core", "1", "--priority", "-10"}));
  EXPECT_FALSE(ParseAgentOptions(With({"--virtual", "S3", "--core", "2"})).ok());
  EXPECT_FALSE(ParseAgentOptions(With({"--virtual", "S3", "--priority", "40"})).ok());
}

}  // namespace
}  // namespace plumb::agent
