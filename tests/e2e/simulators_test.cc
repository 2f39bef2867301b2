// `plumb run` against the stand-in for the vendor's SDK, and the texts of both vendor programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/e2e/farm.h"
#include "tests/e2e/models.h"
#include "tests/support/process.h"
#include "tests/support/sgs_sdk.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kPreprocess = R"(import numpy
def image_preprocess(path, norm=True):
    return numpy.fromfile(path, dtype=numpy.uint8).reshape(1, 128, 128, 3)
)";

class SimulatorsTest : public testing::Test {
 protected:
  SimulatorsTest() : folder_(TempFolder::Create("plumb-simulators-").value()) {
    EXPECT_TRUE(WriteFileAtomically(folder_.path() / "pre.py", kPreprocess).ok());
  }

  void SetUp() override {
    const std::string why = WhyNoStandInSdk();
    if (!why.empty()) {
      GTEST_SKIP() << why;
    }
  }

  [[nodiscard]] std::string Path(const std::string& name) const {
    return (folder_.path() / name).string();
  }

  Finished RunSgs(const std::string& family, std::vector<std::string> flags) {
    const OfflineModel& model = BlazeFace(family);
    std::vector<std::string> argv = {BinaryPath("plumb"),
                                     "run",
                                     "--local",
                                     "--virtual",
                                     family,
                                     "--model",
                                     model.model,
                                     "--simulator",
                                     "sgs",
                                     "--sdk",
                                     sdk_.path().string(),
                                     "--sdk-python",
                                     kStandInPython,
                                     "--json",
                                     Path("report.json")};
    argv.insert(argv.end(), flags.begin(), flags.end());
    auto finished = RunProgram(argv);
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    return finished.ok() ? *finished : Finished{};
  }

  // The picture that simulator.py is given: raw pixels, which the script hands out.
  [[nodiscard]] std::vector<std::string> PictureFlags(const std::string& family) const {
    const auto picture = folder_.path() / "face.jpg";
    std::filesystem::copy_file(
        BlazeFace(family).input, picture, std::filesystem::copy_options::overwrite_existing);
    return {"--sdk-image", picture.string(), "--sdk-preprocess", Path("pre.py")};
  }

  [[nodiscard]] json Report() const {
    return json::parse(ReadFile(Path("report.json"))->view(), nullptr, false);
  }

  Finished Shell(const std::string& text) {
    auto finished =
        RunProgram({"/bin/sh", "-c", "cd '" + folder_.path().string() + "' && " + text});
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    return finished.ok() ? *finished : Finished{};
  }

  TempFolder folder_;
  StandInSdk sdk_;
};

TEST_F(SimulatorsTest, TheClassesAreComparedBitForBit) {
  for (const std::string family : {"1.x", "S6"}) {
    const Finished done = RunSgs(family, {"--input", BlazeFace(family).input});
    EXPECT_EQ(done.exit.code, 0) << done.out << done.err;
    EXPECT_THAT(done.out, HasSubstr("every valid element is equal"));
    EXPECT_TRUE(Report()["notes"].empty());
    EXPECT_EQ(Report()["reference"]["source"], "sgs simulator");
  }
}

TEST_F(SimulatorsTest, TextIsComparedWithinItsDigitsAndSaysSo) {
  for (const std::string set : {"old", "new"}) {
    sdk_.Export("PLUMB_STANDIN_OPTIONS", set);
    auto flags = PictureFlags("1.x");
    flags.insert(flags.end(), {"--sdk-api", "text"});
    const Finished done = RunSgs("1.x", flags);
    ASSERT_EQ(done.exit.code, 0) << set << done.out << done.err;
    EXPECT_THAT(done.out, HasSubstr("note: the reference is text with 6 digits"));
    ASSERT_EQ(Report()["notes"].size(), 1U);
    EXPECT_EQ(Report()["verdict"], "match");
  }
}

TEST_F(SimulatorsTest, SixDigitsDoNotHideADifference) {
  auto flags = PictureFlags("S6");
  flags.insert(flags.end(), {"--sdk-api", "text"});
  const OfflineModel& model = BlazeFace("S6");
  std::vector<std::string> argv = {BinaryPath("plumb"),
                                   "run",
                                   "--local",
                                   "--virtual",
                                   "S6,fault=rounding",
                                   "--model",
                                   model.model,
                                   "--simulator",
                                   "sgs",
                                   "--sdk",
                                   sdk_.path().string(),
                                   "--sdk-python",
                                   kStandInPython};
  argv.insert(argv.end(), flags.begin(), flags.end());
  const auto done = RunProgram(argv);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->exit.code, 1) << done->out << done->err;
}

TEST_F(SimulatorsTest, TheDumpGoesToTheBoardAndTheClassesTakeItToo) {
  const Finished done = RunSgs("S6", PictureFlags("S6"));
  EXPECT_EQ(done.exit.code, 0) << done.out << done.err;
  EXPECT_TRUE(Report()["notes"].empty());
}

TEST_F(SimulatorsTest, EveryFaultEndsWithThreeAndItsOwnWord) {
  const std::vector<std::pair<std::string, std::string>> cases = {{"hang", "simulator_hung"},
                                                                  {"crash", "simulator_crashed"}};
  for (const auto& [fault, code] : cases) {
    sdk_.Export("PLUMB_STANDIN_FAULT", fault);
    const Finished done =
        RunSgs("S6", {"--input", BlazeFace("S6").input, "--simulator-timeout", "3s"});
    EXPECT_EQ(done.exit.code, 3) << fault << done.err;
    EXPECT_EQ(Report()["error"]["code"], code) << fault;
    EXPECT_EQ(Report()["verdict"], "not_compared");
  }
}

TEST_F(SimulatorsTest, AServerRunsWhatItWasStartedWithAndNothingElse) {
  Farm farm;
  farm.StartServer();
  farm.AddBoard("a", "S6");
  const Finished text = farm.RunModel(
      BlazeFace("S6"), {"--simulator", "command", "--simulator-command", "touch /tmp/never"});
  EXPECT_EQ(text.exit.code, 2) << text.err;
  EXPECT_THAT(text.err, HasSubstr("a server runs the simulators it was started with"));
  const Finished none = farm.RunModel(BlazeFace("S6"), {"--simulator", "command"});
  EXPECT_EQ(none.exit.code, 2) << none.err;
  EXPECT_THAT(none.err, HasSubstr("no simulator command is configured"));
}

TEST_F(SimulatorsTest, TheBoardsTextMatchesThePcsText) {
  const OfflineModel& model = BlazeFace("1.x");
  ASSERT_FALSE(PictureFlags("1.x").empty());
  const std::string sdk = sdk_.path().string();
  // bash, because the SDK's script wants it, as the vendor's does.
  Finished done = RunProgram({"bash",
                              "-c",
                              "cd '" + folder_.path().string() + "' && . '" + sdk +
                                  "/cfg_env.sh' && " + kStandInPython + " '" + sdk +
                                  "/Scripts/calibrator/simulator.py' -i face.jpg -m '" +
                                  model.model + "' -t Offline -n pre.py --dump_rawdata"})
                      .value();
  ASSERT_EQ(done.exit.code, 0) << done.err;
  const std::string library = std::string(PLUMB_BINARY_DIR) + "/lib/libmi_ipu_virtual_b61.so";
  done = Shell("PLUMB_VIRTUAL_FAMILY=1.x PLUMB_VIRTUAL_FAULT= '" + BinaryPath("plumb-runner") +
               "' -i face.jpg.bin -m '" + model.model +
               "' -c Unknown --format DUMP_RAWDATA "
               "--mi-library '" +
               library + "'");
  ASSERT_EQ(done.exit.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("All outputs XOR = 0x"));
  const std::string pc = "log/output/unknown_*_face.jpg.txt";
  const std::string board = "output/unknown_*_face.jpg.bin.txt";
  const std::string compare = "'" + BinaryPath("plumb") + "' compare --json report.json ";
  EXPECT_EQ(Shell(compare + pc + " " + board).exit.code, 0);
  EXPECT_EQ(Report()["coverage"]["matched"], 2);
  EXPECT_THAT(Report()["notes"][0].get<std::string>(), HasSubstr("both sides are text"));
  EXPECT_EQ(Shell(compare + pc + " output/*.tensors").exit.code, 0);
  // The first number of the board's text, changed by hand, is found.
  done = Shell("sed '5s/^[-0-9.]*/0.123456/' " + board + " > changed.txt && " + compare + pc +
               " changed.txt");
  EXPECT_EQ(done.exit.code, 1) << done.out << done.err;
}

}  // namespace
}  // namespace plumb::test
