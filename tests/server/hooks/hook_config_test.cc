// The hook file: what it says, and how wrong ones are refused.
#include "server/hooks/hook_config.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"

namespace plumb::server {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

std::string ErrorOf(const std::string& json) {
  const auto config = HookConfig::Parse(json);
  EXPECT_FALSE(config.ok());
  EXPECT_EQ(config.status().reason(), "usage");
  return config.status().ToString();
}

TEST(HookConfigTest, TheFirstPatternThatFitsDecidesForAllHooks) {
  const auto config = HookConfig::Parse(R"({
    "cam-1?": {"power_cycle": {"command": ["pdu", "--port", "3"], "timeout_seconds": 5,
                               "on_failure": "continue"}},
    "*": {"power_cycle": {"command": ["usb-relay"]}, "on_hang": {"command": ["note"]}}
  })");
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  const HookCommand* pdu = config->Find("cam-12", Hook::kPowerCycle);
  ASSERT_NE(pdu, nullptr);
  EXPECT_THAT(pdu->argv, ElementsAre("pdu", "--port", "3"));
  EXPECT_EQ(pdu->timeout, seconds(5));
  EXPECT_FALSE(pdu->quarantine);
  EXPECT_EQ(config->Find("cam-12", Hook::kOnHang), nullptr);
  const HookCommand* relay = config->Find("cam-1", Hook::kPowerCycle);
  ASSERT_NE(relay, nullptr);
  EXPECT_EQ(relay->timeout, seconds(30)) << "unless said";
  EXPECT_TRUE(relay->quarantine) << "unless said";
  EXPECT_EQ(config->Find("cam-1", Hook::kFlash), nullptr);
}

TEST(HookConfigTest, AWrongKeyIsNamedWithTheNearest) {
  const std::string hook = ErrorOf(R"({"*": {"power_cycel": {"command": ["x"]}}})");
  EXPECT_THAT(hook, HasSubstr("power_cycel"));
  EXPECT_THAT(hook, HasSubstr("did you mean 'power_cycle'?"));
  EXPECT_THAT(ErrorOf(R"({"*": {"flash": {"command": ["x"], "timeout_second": 3}}})"),
              HasSubstr("did you mean 'timeout_seconds'?"));
}

TEST(HookConfigTest, WrongValuesAreRefused) {
  EXPECT_THAT(ErrorOf("[]"), HasSubstr("object"));
  EXPECT_THAT(ErrorOf(R"({"*": {"flash": {"command": "reboot now"}}})"), HasSubstr("command"));
  EXPECT_THAT(ErrorOf(R"({"*": {"flash": {"command": []}}})"), HasSubstr("command"));
  EXPECT_THAT(ErrorOf(R"({"*": {"flash": {}}})"), HasSubstr("command"));
  EXPECT_THAT(ErrorOf(R"({"*": {"flash": {"command": ["x"], "timeout_seconds": 0}}})"),
              HasSubstr("timeout_seconds"));
  EXPECT_THAT(ErrorOf(R"({"*": {"flash": {"command": ["x"], "timeout_seconds": 3601}}})"),
              HasSubstr("timeout_seconds"));
  EXPECT_THAT(ErrorOf(R"({"*": {"flash": {"command": ["x"], "on_failure": "ignore"}}})"),
              HasSubstr("\"quarantine\" or \"continue\""));
}

TEST(HookConfigTest, AHealthCheckHasDefaultsAndItsFilesLieBesideTheFile) {
  const TempFolder folder = *TempFolder::Create("plumb-hooks-");
  const auto file = folder.path() / "hooks.json";
  ASSERT_TRUE(WriteFileAtomically(
                  file, R"({"*": {"health": {"model": "m.img", "inputs": [], "minutes": 1.5}}})")
                  .ok());
  EXPECT_THAT(HookConfig::Read(file).status().ToString(), HasSubstr("m.img"));
  ASSERT_TRUE(WriteFileAtomically(folder.path() / "m.img", "model").ok());
  const auto config = HookConfig::Read(file);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  const HealthCheck* check = config->FindHealth("cam");
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(check->model, folder.path() / "m.img");
  EXPECT_EQ(check->every, seconds(90));
  EXPECT_EQ(check->after_failures, 3U);
  EXPECT_EQ(check->digest, "");
  EXPECT_THAT(ErrorOf(R"({"*": {"health": {"model": "m", "inputs": [], "digest": "ABC"}}})"),
              HasSubstr("64 lower-case"));
  EXPECT_THAT(ErrorOf(R"({"*": {"health": {"model": "m", "inputs": [], "minutes": 0}}})"),
              HasSubstr("minutes"));
  EXPECT_THAT(ErrorOf(R"({"*": {"health": {"modle": "m", "inputs": []}}})"),
              HasSubstr("did you mean 'model'?"));
}

TEST(HookConfigTest, AFileThatEverybodyMayWriteIsNotRun) {
  const TempFolder folder = *TempFolder::Create("plumb-hooks-");
  const auto file = folder.path() / "hooks.json";
  ASSERT_TRUE(WriteFileAtomically(file, "{}").ok());
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  EXPECT_TRUE(HookConfig::Read(file).ok());
  std::filesystem::permissions(file, std::filesystem::perms(0646));
  EXPECT_EQ(HookConfig::Read(file).status().code(), StatusCode::kPermissionDenied);
  EXPECT_THAT(HookConfig::Read(folder.path() / "none").status().ToString(), HasSubstr("none"));
}

}  // namespace
}  // namespace plumb::server
