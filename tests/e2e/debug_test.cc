// `plumb debug` walks the stages with the real programs and stops at the one that was broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/support/process.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

using json = nlohmann::json;
using testing::HasSubstr;

const std::string kData = PLUMB_TESTDATA_DIR;
const std::string kPicture = kData + "/images/astronaut.png";
const std::string kOther = kData + "/images/chelsea.png";

class DebugTest : public testing::Test {
 protected:
  [[nodiscard]] std::string Path(const std::string& name) const {
    return (folder_.path() / name).string();
  }

  static Finished Plumb(const std::vector<std::string>& flags) {
    std::vector<std::string> argv = {BinaryPath("plumb")};
    argv.insert(argv.end(), flags.begin(), flags.end());
    auto finished = RunProgram(argv);
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    return finished.ok() ? *finished : Finished{};
  }

  void Dump(const std::string& model, const std::string& picture, const std::string& out) const {
    EXPECT_EQ(Plumb({"dump", "--model", model, "--input", picture, "--out", Path(out)}).exit.code,
              0);
  }

  // INT16, so that float against fixed holds; the float dump stands for the
  // framework's, so that no engine need be installed.
  void SetUp() override {
    EXPECT_EQ(Plumb({"quantize",
                     "--model",
                     model_,
                     "--calibrate",
                     kPicture,
                     "--bits",
                     "16",
                     "--out",
                     Path("f.plm")})
                  .exit.code,
              0);
    Dump(model_, kPicture, "framework.bin");
  }

  json Debug(const std::vector<std::string>& more, int exit_code) {
    std::vector<std::string> flags = {"debug",
                                      "--model",
                                      model_,
                                      "--input",
                                      kPicture,
                                      "--fixed",
                                      Path("f.plm"),
                                      "--json",
                                      Path("r.json")};
    flags.insert(flags.end(), more.begin(), more.end());
    const Finished finished = Plumb(flags);
    EXPECT_EQ(finished.exit.code, exit_code) << finished.out << finished.err;
    printed_ = finished.out;
    const auto text = ReadFile(Path("r.json"));
    return text.ok() ? json::parse(text->view(), nullptr, false) : json();
  }

  static std::string States(const json& report) {
    std::string states;
    for (const json& stage : report["stages"]) {
      states += stage["state"].get<std::string>() + ",";
    }
    return states;
  }

  const std::string model_ = kData + "/models/rnet.tflite";
  std::string printed_;

 private:
  TempFolder folder_ = TempFolder::Create("plumb-debug-test-").value();
};

TEST_F(DebugTest, EveryStageOfAGoodNetworkHolds) {
  const json report = Debug({"--framework-dump", Path("framework.bin")}, 0);
  EXPECT_EQ(States(report), "skipped,holds,holds,holds,holds,");
  EXPECT_EQ(report["verdict"], "match");
  EXPECT_EQ(report["first_broken"], nullptr);
  EXPECT_THAT(printed_, HasSubstr("$ plumb run --model "));
}

TEST_F(DebugTest, AnotherInputOfTheFrameworkBreaksTheFirstStage) {
  Dump(model_, kOther, "other.bin");
  const json report = Debug({"--framework-dump", Path("other.bin")}, 1);
  EXPECT_EQ(States(report), "skipped,breaks,not reached,not reached,not reached,");
  EXPECT_EQ(report["first_broken"], "framework -> float");
  EXPECT_FALSE(report["stages"][1]["next"].empty());
}

TEST_F(DebugTest, AFixedDumpOfAnotherInputBreaksFloatAgainstFixed) {
  Dump(Path("f.plm"), kOther, "other.bin");
  const json report =
      Debug({"--framework-dump", Path("framework.bin"), "--fixed-dump", Path("other.bin")}, 1);
  EXPECT_EQ(report["first_broken"], "float -> fixed");
  EXPECT_THAT(printed_, HasSubstr("plumb tune --model "));
}

TEST_F(DebugTest, AnOfflineModelOfOtherIntegersBreaksFixedAgainstOffline) {
  EXPECT_EQ(Plumb({"quantize",
                   "--model",
                   model_,
                   "--calibrate",
                   kOther,
                   "--bits",
                   "16",
                   "--out",
                   Path("g.plm")})
                .exit.code,
            0);
  EXPECT_EQ(Plumb({"compile", "--model", Path("g.plm"), "--chip", "S6", "--out", Path("g.img")})
                .exit.code,
            0);
  const json report =
      Debug({"--framework-dump", Path("framework.bin"), "--offline", Path("g.img")}, 1);
  EXPECT_EQ(report["first_broken"], "fixed -> offline");
}

TEST_F(DebugTest, AFaultyBoardBreaksTheLastStageWithItsCause) {
  const json report = Debug({"--framework-dump",
                             Path("framework.bin"),
                             "--virtual",
                             "S6,fault=stale",
                             "--work",
                             Path("work")},
                            1);
  EXPECT_EQ(report["first_broken"], "offline -> board");
  EXPECT_THAT(report["stages"][4]["found"].get<std::string>(), HasSubstr("cause: stale_output"));
  EXPECT_TRUE(std::filesystem::exists(Path("work/offline.img")));
}

TEST_F(DebugTest, AModelThatIsNotThereIsAUsageError) {
  const Finished finished = Plumb({"debug", "--model", "/nowhere.onnx", "--input", kPicture});
  EXPECT_EQ(finished.exit.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("/nowhere.onnx"));
}

}  // namespace
}  // namespace plumb::test
