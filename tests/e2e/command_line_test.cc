// The programs' own words: help, version, usage errors.
#include <algorithm>

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/e2e/models.h"
#include "tests/support/process.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

Finished Plumb(const std::vector<std::string>& flags) {
  std::vector<std::string> argv = {BinaryPath("plumb")};
  argv.insert(argv.end(), flags.begin(), flags.end());
  auto finished = RunProgram(argv);
  EXPECT_TRUE(finished.ok()) << finished.status().ToString();
  return finished.ok() ? *finished : Finished{};
}

class VerbHelp : public testing::TestWithParam<std::string> {};

TEST_P(VerbHelp, HasAnExampleAndTheCommonFlags) {
  auto words = Split(GetParam(), ' ');
  words.emplace_back("--help");
  const auto help = Plumb(words);
  EXPECT_EQ(help.exit.code, 0) << help.err;
  EXPECT_NE(help.out.find("plumb " + GetParam()), std::string::npos) << help.out;
  for (const char* flag : {"--json", "--quiet", "--verbose", "--no-color", "--config"}) {
    EXPECT_NE(help.out.find(flag), std::string::npos) << flag;
  }
}

INSTANTIATE_TEST_SUITE_P(Verbs,
                         VerbHelp,
                         testing::Values("run",
                                         "compare",
                                         "quantize",
                                         "compile",
                                         "dump",
                                         "input make",
                                         "input explain",
                                         "input check",
                                         "inspect",
                                         "boards",
                                         "runs",
                                         "watch",
                                         "cancel",
                                         "doctor"),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

TEST(CommandLineTest, RunWithoutServerSaysWhatToAdd) {
  const auto refused = Plumb({"run", "--model", "m.img", "--input", "i.bin", "--json", "-"});
  EXPECT_EQ(refused.exit.code, 2);
  EXPECT_NE(refused.err.find("--local"), std::string::npos) << refused.err;
  const auto report = nlohmann::json::parse(refused.out, nullptr, false);
  ASSERT_FALSE(report.is_discarded()) << refused.out;
  EXPECT_EQ(report["schema"], "plumb.comparison/1");
  EXPECT_EQ(report["exit_code"], 2);
}

TEST(CommandLineTest, UnknownFaultListsThoseThereAre) {
  const auto refused = Plumb(
      {"run", "--local", "--virtual", "S6,fault=gremlin", "--model", "m.img", "--input", "i.bin"});
  EXPECT_EQ(refused.exit.code, 2);
  EXPECT_NE(refused.err.find("rounding"), std::string::npos) << refused.err;
}

TEST(CommandLineTest, PictureAsInputIsToldHowToBecomeOne) {
  const auto refused = Plumb({"run",
                              "--local",
                              "--virtual",
                              "S6",
                              "--model",
                              BlazeFace("S6").model,
                              "--input",
                              std::string(PLUMB_TESTDATA_DIR) + "/images/chelsea.png"});
  EXPECT_EQ(refused.exit.code, 2);
  EXPECT_NE(refused.err.find("plumb input make"), std::string::npos) << refused.err;
}

TEST(CommandLineTest, FileThatIsNoOfflineModelIsRefusedBeforeAnythingRuns) {
  const auto refused =
      Plumb({"run",
             "--local",
             "--virtual",
             "S6",
             "--model",
             std::string(PLUMB_TESTDATA_DIR) + "/models/face_detection_short_range.tflite",
             "--input",
             "i.bin"});
  EXPECT_EQ(refused.exit.code, 2);
  EXPECT_NE(refused.err.find("plumb compile"), std::string::npos) << refused.err;
}

TEST(CommandLineTest, ServerThatIsNotThereIsInfrastructure) {
  const auto failed = Plumb({"boards", "--server", "unix:/nonexistent/plumb.sock"});
  EXPECT_EQ(failed.exit.code, 3) << failed.err;
  EXPECT_NE(failed.err.find("plumb-server"), std::string::npos) << failed.err;
}

TEST(CommandLineTest, DoctorFindsTheProgramsOfThisBuild) {
  const auto report = Plumb({"doctor"});
  EXPECT_EQ(report.exit.code, 0) << report.out << report.err;
}

}  // namespace
}  // namespace plumb::test
