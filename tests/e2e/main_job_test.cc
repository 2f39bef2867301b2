// The main job by one command: a real network on a virtual board and in the simulator.
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/e2e/models.h"
#include "tests/support/process.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

using nlohmann::json;

struct LocalRun {
  Finished finished;
  json report;
};

LocalRun RunLocal(const OfflineModel& model,
                  const std::string& spec,
                  const std::vector<std::string>& flags = {}) {
  std::vector<std::string> argv = {BinaryPath("plumb"),
                                   "run",
                                   "--local",
                                   "--virtual",
                                   spec,
                                   "--model",
                                   model.model,
                                   "--input",
                                   model.input,
                                   "--json",
                                   "-"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  auto finished = RunProgram(argv);
  EXPECT_TRUE(finished.ok()) << finished.status().ToString();
  LocalRun run{finished.ok() ? *finished : Finished{}, {}};
  run.report = json::parse(run.finished.out, nullptr, false);
  EXPECT_FALSE(run.report.is_discarded()) << run.finished.out << run.finished.err;
  return run;
}

void ExpectMatch(const LocalRun& run) {
  EXPECT_EQ(run.finished.exit.code, 0) << run.finished.err;
  EXPECT_EQ(run.report["verdict"], "match");
  EXPECT_EQ(run.report["exit_code"], 0);
  EXPECT_TRUE(run.report["error"].is_null());
  ASSERT_EQ(run.report["tensors"].size(), 2U);
  for (const auto& tensor : run.report["tensors"]) {
    EXPECT_TRUE(tensor["equal"]) << tensor;
    EXPECT_EQ(tensor["different_elements"], 0) << tensor;
  }
}

class MainJob : public testing::TestWithParam<std::string> {};

TEST_P(MainJob, BlazeFaceIsEqualBitForBitWithInt16Outputs) {
  const auto run = RunLocal(BlazeFace(GetParam()), GetParam());
  ExpectMatch(run);
  // 896 anchors with 16 numbers each, and one score each: the sizes of the network itself.
  EXPECT_EQ(run.report["tensors"][0]["count"], 896 * 16);
  EXPECT_EQ(run.report["tensors"][1]["count"], 896);
  EXPECT_EQ(run.report["tensors"][0]["element_type"], "s16");
}

TEST_P(MainJob, BlazeFaceIsEqualBitForBitWithFloatOutputs) {
  const auto run = RunLocal(BlazeFace(GetParam(), {"--dequantize"}), GetParam());
  ExpectMatch(run);
  EXPECT_EQ(run.report["tensors"][0]["element_type"], "f32");
}

INSTANTIATE_TEST_SUITE_P(Families,
                         MainJob,
                         testing::Values("1.x", "Q", "S1", "S3", "S6"),
                         [](const auto& parameter) {
                           return parameter.param == "1.x" ? std::string("V1x") : parameter.param;
                         });

TEST(MainJobTest, FloatInputDestroyedByInvokeIsFilledAgainForEachRepetition) {
  const auto& model = BlazeFace("S6", {"--input-format", "RAWDATA_F32_NHWC"});
  ExpectMatch(RunLocal(model, "S6", {"--repeat", "4"}));
}

TEST(MainJobTest, ReportsOfTwoRunsAreEqualByteForByteApartFromTiming) {
  auto first = RunLocal(BlazeFace("S6"), "S6").report;
  auto second = RunLocal(BlazeFace("S6"), "S6").report;
  first.erase("timing");
  second.erase("timing");
  EXPECT_EQ(first.dump(), second.dump());
}

TEST(MainJobTest, IdentityNamesModelAndInputByWhatTheyHold) {
  const auto& model = BlazeFace("S6");
  const auto run = RunLocal(model, "S6");
  // sha256sum of coreutils is the other implementation.
  for (const auto& [path, reported] :
       {std::pair{model.model, run.report["identity"]["model_sha256"]},
        std::pair{model.input, run.report["identity"]["input_sha256"][0]}}) {
    const auto sum = RunProgram({"sha256sum", path});
    ASSERT_TRUE(sum.ok());
    EXPECT_EQ(sum->out.substr(0, 64), reported);
  }
}

TEST(MainJobTest, ArchiveOfARunIsComparedLaterWithoutBoardOrServer) {
  const auto folder = TempFolder::Create("plumb-archive-");
  ASSERT_TRUE(folder.ok());
  ExpectMatch(RunLocal(BlazeFace("S6"), "S6", {"--data", folder->path().string()}));
  std::vector<std::filesystem::path> runs;
  for (const auto& entry : std::filesystem::directory_iterator(folder->path() / "runs")) {
    runs.push_back(entry.path());
  }
  ASSERT_EQ(runs.size(), 1U);
  const auto compared =
      RunProgram({BinaryPath("plumb"), "compare", runs[0].string(), runs[0].string()});
  ASSERT_TRUE(compared.ok());
  EXPECT_EQ(compared->exit.code, 0) << compared->out << compared->err;
}

TEST(MainJobTest, InputOfTheWrongSizeIsRefusedByTheBoardWithBothSizes) {
  const auto folder = TempFolder::Create("plumb-input-");
  ASSERT_TRUE(folder.ok());
  const std::string short_input = (folder->path() / "short.bin").string();
  ASSERT_TRUE(WriteFileAtomically(short_input, std::string(49151, 'x')).ok());
  const auto run = RunLocal({BlazeFace("S6").model, short_input}, "S6");
  EXPECT_EQ(run.finished.exit.code, 4);
  EXPECT_EQ(run.report["verdict"], "not_compared");
  const std::string message = run.report["error"]["message"];
  EXPECT_NE(message.find("49151"), std::string::npos) << message;
  EXPECT_NE(message.find("49152"), std::string::npos) << message;
}

}  // namespace
}  // namespace plumb::test
