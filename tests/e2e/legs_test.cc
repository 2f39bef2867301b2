// `plumb layers --live`: a real network in its legs, the virtual board in a process of its own.
#include <csignal>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "tests/support/process.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

namespace fs = std::filesystem;

using nlohmann::json;
using ::testing::HasSubstr;

const std::string kData = PLUMB_TESTDATA_DIR;
const std::string kNetwork = kData + "/models/face_detection_short_range.tflite";
const std::string kPicture = kData + "/images/astronaut.png";

const fs::path& Folder() {
  static const TempFolder folder = TempFolder::Create("plumb-legs-test-").value();
  return folder.path();
}

const std::string& FixedModel() {
  static const std::string path = [] {
    std::string out = (Folder() / "face_fixed.plm").string();
    const auto made = RunProgram({BinaryPath("plumb"),
                                  "quantize",
                                  "--model",
                                  kNetwork,
                                  "--calibrate",
                                  kPicture,
                                  "--out",
                                  out},
                                 std::chrono::seconds(100));
    EXPECT_TRUE(made.ok() && made->exit.clean());
    return out;
  }();
  return path;
}

class LegsTest : public testing::Test {
 protected:
  LegsTest() : scratch_(TempFolder::Create("plumb-legs-scratch-").value()) {}

  [[nodiscard]] std::vector<std::string> Command(const std::vector<std::string>& more) const {
    std::vector<std::string> command = {BinaryPath("plumb"),
                                        "layers",
                                        "--live",
                                        "--model",
                                        kNetwork,
                                        "--quantised",
                                        FixedModel(),
                                        "--input",
                                        kPicture,
                                        "--json",
                                        JsonPath()};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }

  // The legs that need nothing but what is built here. Limits so wide that eight bits meet them.
  Finished Live(const std::vector<std::string>& more, int exit_code) {
    std::vector<std::string> flags = {"--max-rel-l1", "10", "--min-cosine", "-1"};
    flags.insert(flags.end(), more.begin(), more.end());
    const auto finished =
        RunProgram(Command(flags), std::chrono::seconds(100), {{"TMPDIR", Scratch()}});
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    if (!finished.ok()) {
      return {};
    }
    EXPECT_EQ(finished->exit.code, exit_code) << finished->out << finished->err;
    EXPECT_TRUE(fs::is_empty(Scratch())) << "dumps were left behind";
    return *finished;
  }

  [[nodiscard]] json Json() const {
    const auto text = ReadFile(JsonPath(), uint64_t{1} << 26U);
    EXPECT_TRUE(text.ok());
    return json::parse(text->span().begin(), text->span().end());
  }

  [[nodiscard]] static json LegOf(const json& report, const std::string& stage) {
    for (const json& leg : report["legs"]) {
      if (leg["stage"] == stage) {
        return leg;
      }
    }
    ADD_FAILURE() << "no leg " << stage;
    return {};
  }

  [[nodiscard]] std::string Scratch() const { return scratch_.path().string(); }

 private:
  [[nodiscard]] std::string JsonPath() const {
    return (Folder() / (scratch_.path().filename().string() + ".json")).string();
  }

  TempFolder scratch_;
};

const std::string kOwn = "float,fixed,simulator,board";

TEST_F(LegsTest, WithoutAFaultNoGapOpens) {
  const Finished finished = Live({"--stages", kOwn, "--virtual", "S6"}, 0);
  const json report = Json();
  EXPECT_EQ(report["verdict"], "match");
  EXPECT_TRUE(report["gaps"].empty());
  EXPECT_EQ(LegOf(report, "framework")["state"], "not_asked");
  EXPECT_EQ(LegOf(report, "float")["reference"], true);
  const json board = LegOf(report, "board");
  EXPECT_EQ(board["state"], "ran");
  EXPECT_EQ(board["tapped"], true);
  EXPECT_EQ(board["unequal"], 0);
  EXPECT_EQ(board["layers"], LegOf(report, "simulator")["layers"]);
  EXPECT_THAT(finished.out, HasSubstr("an export that is not the vendor's"));
  for (const json& row : report["rows"]) {
    if (row["legs"]["board"]["state"] == "compared") {
      EXPECT_EQ(row["legs"]["board"]["equal_to_previous"], true) << row["name"];
      EXPECT_EQ(row["legs"]["board"]["rel_l1"], row["legs"]["fixed"]["rel_l1"]) << row["name"];
    }
  }
}

// The kernels of simulator and board are written apart; of one rounding, they agree.
TEST_F(LegsTest, AnotherRoundingOpensTheGapBetweenSimulatorAndBoard) {
  const Finished finished = Live({"--stages", kOwn, "--virtual", "S6,fault=rounding"}, 1);
  const json report = Json();
  ASSERT_EQ(report["gaps"].size(), 1U);
  const json gap = report["gaps"][0];
  EXPECT_EQ(gap["from"], "simulator");
  EXPECT_EQ(gap["to"], "board");
  EXPECT_EQ(gap["demanded"], "equality");
  const json row = report["rows"][gap["index"].get<size_t>()];
  EXPECT_EQ(row["name"], gap["name"]);
  EXPECT_EQ(row["legs"]["board"]["equal_to_previous"], false);
  EXPECT_EQ(row["legs"]["board"]["max_lsb_error"], 1) << "one rounding, one step";
  for (size_t i = 0; i < gap["index"]; ++i) {
    EXPECT_NE(report["rows"][i]["legs"]["board"].value("equal_to_previous", true), false);
  }
  EXPECT_THAT(finished.out, HasSubstr("the gap opens between simulator and board at layer"));
}

TEST_F(LegsTest, WhatTheVendorsCallsDeliverIsJudgedNotTheTapAlone) {
  const Finished finished = Live({"--stages", kOwn, "--virtual", "S3,fault=unwritten"}, 1);
  const json report = Json();
  ASSERT_EQ(report["gaps"].size(), 1U);
  EXPECT_EQ(report["gaps"][0]["to"], "board");
  EXPECT_EQ(report["gaps"][0]["layers"], 1) << "every layer was computed right";
  EXPECT_THAT(finished.out, HasSubstr("was never written"));
}

TEST_F(LegsTest, WithNarrowLimitsTheGapOpensAtTheQuantiser) {
  const auto finished =
      RunProgram(Command({"--stages", kOwn, "--max-rel-l1", "0.0001", "--min-cosine", "0.5"}),
                 std::chrono::seconds(100));
  ASSERT_TRUE(finished.ok());
  EXPECT_EQ(finished->exit.code, 1);
  const json report = Json();
  ASSERT_EQ(report["gaps"].size(), 1U);
  EXPECT_EQ(report["gaps"][0]["from"], "float");
  EXPECT_EQ(report["gaps"][0]["to"], "fixed");
  EXPECT_EQ(report["gaps"][0]["demanded"], "limits");
}

TEST_F(LegsTest, ABoardThatCrashesLeavesTheOtherLegs) {
  const Finished finished = Live({"--stages", kOwn, "--virtual", "S6,fault=crash"}, 4);
  const json report = Json();
  EXPECT_EQ(LegOf(report, "board")["state"], "failed");
  EXPECT_EQ(LegOf(report, "board")["error"]["code"], "runner_crashed");
  EXPECT_EQ(LegOf(report, "simulator")["unequal"], 0);
  EXPECT_FALSE(report["rows"].empty());
  EXPECT_THAT(finished.out, HasSubstr("signal 11"));
}

TEST_F(LegsTest, ABoardThatHangsIsGivenUp) {
  Live({"--stages", "simulator,board", "--virtual", "S6,fault=hang", "--timeout", "1s"}, 4);
  EXPECT_EQ(LegOf(Json(), "board")["error"]["code"], "runner_hung");
}

TEST_F(LegsTest, AFrameworkThatIsNotThereIsSaid) {
  const std::vector<std::string> nowhere = {"--engine", "/nonexistent", "--virtual", "S6"};
  Live(nowhere, 0);
  const json framework = LegOf(Json(), "framework");
  EXPECT_EQ(framework["state"], "cannot");
  EXPECT_FALSE(framework["error"]["message"].get<std::string>().empty());
  std::vector<std::string> named = nowhere;
  named.insert(named.end(), {"--stages", "framework," + kOwn});
  Live(named, 5);
}

TEST_F(LegsTest, TheOfflineModelsOwnFamilyAndFormatAreTaken) {
  const std::string offline = (Folder() / "face_q.img").string();
  const auto compiled = RunProgram({BinaryPath("plumb"),
                                    "compile",
                                    "--model",
                                    FixedModel(),
                                    "--chip",
                                    "Q",
                                    "--input-format",
                                    "YUV_NV12",
                                    "--out",
                                    offline});
  ASSERT_TRUE(compiled.ok());
  ASSERT_EQ(compiled->exit.code, 0) << compiled->err;
  const Finished finished = Live({"--stages", kOwn, "--offline", offline}, 1);
  const json report = Json();
  ASSERT_FALSE(report["gaps"].empty());
  EXPECT_EQ(report["gaps"][0]["from"], "fixed") << "NV12 keeps a quarter of the colours";
  EXPECT_EQ(report["gaps"][0]["to"], "simulator");
  EXPECT_EQ(report["gaps"].size(), 1U) << "simulator and board read the same picture";
  EXPECT_THAT(finished.out, HasSubstr("by its format YUV_NV12"));
  EXPECT_THAT(LegOf(report, "board")["what"].get<std::string>(), HasSubstr("virtual IPU Q"));
}

TEST_F(LegsTest, AnInterruptLeavesNoDumpsBehind) {
  auto program =
      Program::Start(Command({"--stages", "simulator,board", "--virtual", "S6,fault=hang"}),
                     {{"TMPDIR", Scratch()}});
  ASSERT_TRUE(program.ok());
  // Nothing is printed before the end: the board's log tells that the child is there.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const auto started = [this] {
    for (const auto& entry : fs::recursive_directory_iterator(Scratch())) {
      if (entry.path().filename() == "board.log") {
        return true;
      }
    }
    return false;
  };
  while (!started() && std::chrono::steady_clock::now() < deadline) {
    (*program)->WaitForExit(std::chrono::milliseconds(20));
  }
  (*program)->Signal(SIGINT);
  const auto finished = (*program)->WaitForExit(std::chrono::seconds(20));
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->exit.code, 3);
  EXPECT_TRUE(fs::is_empty(Scratch()));
}

TEST_F(LegsTest, WhatIsWrongOnTheCommandLineIsSaid) {
  Live({"--stages", "float,offline"}, 2);
  Live({"--stages", "float"}, 2);
  Live({"--virtual", "S9"}, 2);
  Live({"--log", kPicture}, 2);
  const auto without = RunProgram({BinaryPath("plumb"), "layers", "--model", kNetwork});
  ASSERT_TRUE(without.ok());
  EXPECT_EQ(without->exit.code, 2);
  EXPECT_THAT(without->err, HasSubstr("add --live"));
}

}  // namespace
}  // namespace plumb::test
