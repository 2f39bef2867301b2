#include "agent/app/agent_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/app/agent_options.h"
#include "common/base/file.h"
#include "common/runner/failure.h"

namespace plumb::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<ConfigKey> kKeys = {
    {"server", true, false}, {"tag", true, true}, {"verbose", false, false}};

TEST(AgentConfig, ReadsSettingsWithTheirLines) {
  const auto settings = ParseAgentConfig(
      "# comment\n\n server = unix:/a=b \n;x\ntag=s6\ntag = lab 2\r\nverbose = true", "f", kKeys);
  ASSERT_TRUE(settings.ok()) << settings.status().ToString();
  ASSERT_EQ(settings->size(), 4U);
  EXPECT_EQ(settings->at(0).value, "unix:/a=b");
  EXPECT_EQ(settings->at(0).line, 3U);
  EXPECT_EQ(settings->at(2).value, "lab 2");
  EXPECT_EQ(settings->at(2).line, 6U);
}

TEST(AgentConfig, RefusesWithTheLineAndTheNearestKey) {
  struct Bad {
    const char* text;
    const char* message;
    const char* hint;
  };

  for (const Bad& bad :
       {Bad{"\nsevrer = a", "f:2: unknown key 'sevrer'", "did you mean 'server'?"},
        Bad{"quite other = a", "f:1: unknown key 'quite other'", "known keys: server tag verbose"},
        Bad{"server", "f:1: this is no setting", "KEY = VALUE"},
        Bad{"server = a\nserver = b", "f:2: server was set before", "keep one"},
        Bad{"verbose = yes", "f:1: verbose is neither true nor false", "true or false"},
        Bad{"server = \xFF", "f:1: this is no setting", "KEY = VALUE"}}) {
    const Status status = ParseAgentConfig(bad.text, "f", kKeys).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << bad.text;
    EXPECT_EQ(status.reason(), kReasonUsage);
    EXPECT_THAT(status.message(), HasSubstr(bad.message));
    EXPECT_THAT(status.hint(), HasSubstr(bad.hint));
  }
}

TEST(AgentConfig, TheCommandLineWins) {
  const std::vector<ConfigSetting> settings = {
      {"server", "a", 1}, {"tag", "x", 2}, {"tag", "y", 3}, {"verbose", "false", 4}};
  EXPECT_THAT(AddSettings(settings, kKeys, {"--tag", "z"}),
              ElementsAre("--tag", "z", "--server=a"));
  EXPECT_THAT(AddSettings(settings, kKeys, {"--server=b"}),
              ElementsAre("--server=b", "--tag=x", "--tag=y"));
}

TEST(AgentConfig, AFileGivesTheOptions) {
  const TempFolder folder = *TempFolder::Create("plumb-config-");
  const std::string path = folder.path() / "agent.conf";
  ASSERT_TRUE(WriteFileAtomically(path,
                                  std::string_view("server = unix:/run/s\nname = cam\ntag = a\n"
                                                   "tag = b\ncache = /tmp/c\nvirtual = S6\n"
                                                   "cache-size = 1MiB\nlog = syslog\n"))
                  .ok());
  const auto parsed = ParseAgentOptions({"--config", path, "--name", "other"});
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(parsed->options.name, "other");
  EXPECT_THAT(parsed->options.tags, ElementsAre("a", "b"));
  EXPECT_EQ(parsed->options.cache_size, uint64_t{1} << 20);
  EXPECT_EQ(parsed->options.log, LogTarget::kSyslog);
  const Status missing = ParseAgentOptions({"--config", folder.path() / "none"}).status();
  EXPECT_THAT(missing.message(), HasSubstr("--config: "));
}

}  // namespace
}  // namespace plumb::agent
