// Finding the SDK, and what its cfg_env.sh may do to us.
#include "server/simulator/external/sdk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/runner/failure.h"
#include "server/simulator/external/sdk_environment.h"

namespace plumb::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

class SdkTest : public testing::Test {
 protected:
  SdkTest() : folder_(TempFolder::Create("plumb sdk's ").value()) {
    std::filesystem::create_directories(folder_.path() / "Scripts/calibrator");
    EXPECT_TRUE(WriteFileAtomically(folder_.path() / "Scripts/calibrator/simulator.py", "").ok());
  }

  Result<Environment> Source(const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(folder_.path() / "cfg_env.sh", text).ok());
    return SourceSdkEnvironment(LookAtSdk(folder_.path()), CancelToken());
  }

  TempFolder folder_;
};

TEST_F(SdkTest, SaysWhatAFolderHolds) {
  const auto sdk = FindSdk(folder_.path());
  ASSERT_TRUE(sdk.ok()) << sdk.status().ToString();
  EXPECT_FALSE(sdk->simulator.empty());
  EXPECT_TRUE(sdk->python_classes.empty());
  EXPECT_TRUE(sdk->cfg_env.empty());
  const auto none = FindSdk(folder_.path() / "Scripts");
  EXPECT_EQ(none.status().reason(), kReasonSimulatorMissing);
  EXPECT_THAT(none.status().message(), HasSubstr("holds no SDK"));
}

TEST_F(SdkTest, OnlyWhatTheScriptChangesIsKept) {
  const auto environment = Source(
      "echo talks a lot\nexport SGS_IPU_DIR=\"$(pwd)\"\nexport TWO='a\nb=c'\nLOCAL=1\ncd /\n"
      "export PATH=\"/sdk/bin:$PATH\"\nunset HOME\n");
  ASSERT_TRUE(environment.ok()) << environment.status().ToString();
  const std::string path = ::getenv("PATH");
  EXPECT_THAT(*environment,
              UnorderedElementsAre(Pair("SGS_IPU_DIR", folder_.path().string()),
                                   Pair("TWO", "a\nb=c"),
                                   Pair("PATH", "/sdk/bin:" + path)));
}

TEST_F(SdkTest, AScriptThatFailsOrReadsOrEndsTheShellIsSurvived) {
  EXPECT_TRUE(Source("false\nexport X=1\nread answer\n").ok());
  EXPECT_TRUE(Source("export X=1\nreturn 3\n").ok());
  const auto ended = Source("echo no licence >&2\nexit 0\n");
  EXPECT_EQ(ended.status().reason(), kReasonSimulatorCrashed);
  EXPECT_THAT(ended.status().message(), HasSubstr("no licence"));
  EXPECT_EQ(Source("exit 4\n").status().reason(), kReasonSimulatorCrashed);
}

TEST_F(SdkTest, NoScriptIsNoChange) {
  const auto environment = SourceSdkEnvironment(LookAtSdk(folder_.path()), CancelToken());
  ASSERT_TRUE(environment.ok());
  EXPECT_TRUE(environment->empty());
}

TEST_F(SdkTest, PythonIsFoundInTheSdksPath) {
  const auto python = folder_.path() / "python3";
  EXPECT_TRUE(WriteFileAtomically(python, "#!/bin/sh\n").ok());
  std::filesystem::permissions(python, std::filesystem::perms::owner_all);
  const auto found = FindPython("python3", {{"PATH", "relative:" + folder_.path().string()}});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, python.string());
  EXPECT_EQ(FindPython("python99", {}).status().reason(), kReasonSimulatorPython);
  EXPECT_EQ(FindPython("/no/python", {}).status().reason(), kReasonSimulatorPython);
}

}  // namespace
}  // namespace plumb::server
