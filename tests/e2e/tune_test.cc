// `plumb tune` on a real network: its own judge, and a command as the judge.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "tests/support/process.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const std::string kData = PLUMB_TESTDATA_DIR;
const std::string kNetwork = kData + "/models/ch_ppocr_mobile_v2.0_cls_infer.onnx";
const std::string kShape = "x=1x3x48x192";
const std::string kPicture = kData + "/images/chelsea.png";
// Of plumb tune itself.
const std::string kUsual[] = {"--min-cosine", "0.99", "--max-rel-l1", "0.1"};

class TuneTest : public testing::Test {
 protected:
  TuneTest() : folder_(TempFolder::Create("plumb-tune-").value()) {}

  [[nodiscard]] std::string Path(const std::string& name) const {
    return (folder_.path() / name).string();
  }

  static Finished Plumb(std::vector<std::string> flags, int exit_code) {
    flags.insert(flags.begin(), BinaryPath("plumb"));
    auto finished = RunProgram(flags, std::chrono::seconds(200));
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    if (!finished.ok()) {
      return {};
    }
    EXPECT_EQ(finished->exit.code, exit_code) << Join(flags, " ") << "\n"
                                              << finished->out << finished->err;
    return *finished;
  }

  Finished Tune(std::vector<std::string> more, int exit_code) const {
    std::vector<std::string> flags = {"tune",
                                      "--model",
                                      kNetwork,
                                      "--input-shape",
                                      kShape,
                                      "--input",
                                      kPicture,
                                      "--calibrate",
                                      kPicture,
                                      "--json",
                                      Path("tune.json")};
    flags.insert(flags.end(), more.begin(), more.end());
    return Plumb(flags, exit_code);
  }

  [[nodiscard]] json Json() const {
    const auto bytes = ReadFile(Path("tune.json"), uint64_t{1} << 24U);
    EXPECT_TRUE(bytes.ok());
    return json::parse(bytes->span().begin(), bytes->span().end());
  }

  [[nodiscard]] std::vector<std::string> Raised() const {
    std::vector<std::string> names;
    const json report = Json();
    for (const json& tensor : report["raised"]) {
      names.push_back(tensor["name"]);
    }
    return names;
  }

  // By the other verbs: quantised as the configuration says, dumped, compared with float.
  int Judged(const std::vector<std::string>& tensors) const {
    const std::string text = "[CONV_CONFIG]\ntensor_arrays=" + Join(tensors, ",") + ";\n";
    const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
    EXPECT_TRUE(WriteFileAtomically(Path("set.ini"), {bytes, text.size()}).ok());
    std::vector<std::string> quantize = {"quantize",
                                         "--model",
                                         kNetwork,
                                         "--input-shape",
                                         kShape,
                                         "--calibrate",
                                         kPicture,
                                         "--color",
                                         "BGR",
                                         "--mean",
                                         "127.5",
                                         "--std",
                                         "127.5",
                                         "--out",
                                         Path("set.plm")};
    if (!tensors.empty()) {
      quantize.insert(quantize.end(), {"--input-config", Path("set.ini")});
    }
    Plumb(quantize, 0);
    Plumb({"dump", "--model", Path("set.plm"), "--input", kPicture, "--out", Path("set.bin")}, 0);
    Plumb({"dump",
           "--model",
           kNetwork,
           "--input-shape",
           kShape,
           "--input",
           kPicture,
           "--out",
           Path("float.bin")},
          0);
    return OutputMeets() ? 0 : 1;
  }

 private:
  // The network's one output in both dumps, compared by name.
  [[nodiscard]] bool OutputMeets() const {
    std::vector<std::string> flags = {BinaryPath("plumb"),
                                      "compare",
                                      Path("float.bin"),
                                      Path("set.bin"),
                                      "--json",
                                      Path("c.json")};
    flags.insert(flags.end(), std::begin(kUsual), std::end(kUsual));
    const auto finished = RunProgram(flags, std::chrono::seconds(100));
    EXPECT_TRUE(finished.ok());
    const auto bytes = ReadFile(Path("c.json"), uint64_t{1} << 26U);
    EXPECT_TRUE(bytes.ok());
    const json report = json::parse(bytes->span().begin(), bytes->span().end());
    for (const json& tensor : report["tensors"]) {
      if (tensor["name"] == "softmax_0.tmp_0") {
        return tensor["verdict"] == "match";
      }
    }
    ADD_FAILURE() << "the output was not compared";
    return false;
  }

  TempFolder folder_;
};

TEST_F(TuneTest, UnderAMildToleranceNothingIsRaised) {
  const Finished finished = Tune({"--min-cosine", "0.9", "--max-rel-l1", "0.5"}, 0);
  EXPECT_THAT(finished.out, HasSubstr("nothing has to be raised"));
  EXPECT_EQ(Json()["judgements"], 1);
}

TEST_F(TuneTest, TheSetMeetsAndNoneOfItCanBeLeftOut) {
  const Finished finished = Tune({"--out", Path("int16.ini")}, 0);
  const std::vector<std::string> raised = Raised();
  ASSERT_FALSE(raised.empty());
  EXPECT_LT(raised.size(), Json()["candidates"].get<size_t>());
  EXPECT_THAT(finished.out, HasSubstr("none can be left out"));
  EXPECT_EQ(Judged(raised), 0) << "by the other verbs";
  for (size_t i = 0; i < raised.size(); ++i) {
    std::vector<std::string> without = raised;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(Judged(without), 1) << "without " << raised[i];
  }
}

TEST_F(TuneTest, WhatCannotBeMetIsSaid) {
  const Finished finished = Tune({"--max-rel-l1", "0.0000001"}, 1);
  EXPECT_THAT(finished.out, HasSubstr("not even all"));
  EXPECT_TRUE(Json()["input_config"].is_null());
}

TEST_F(TuneTest, ACommandIsTheJudgeAndIsNotAskedTwice) {
  const std::string log = Path("calls");
  const std::string command =
      "echo x >> '" + log + "'; grep -q relu_3.tmp_0 {ini} && grep -q relu_0.tmp_0 {ini}";
  const std::vector<std::string> flags = {"--command", command, "--replay", Path("replay")};
  Tune(flags, 0);
  EXPECT_THAT(Raised(), testing::UnorderedElementsAre("relu_0.tmp_0", "relu_3.tmp_0"));
  const auto calls = ReadFile(log, 1U << 20U);
  ASSERT_TRUE(calls.ok());
  EXPECT_EQ(calls->size() / 2, Json()["judgements"].get<size_t>());
  Tune(flags, 0);
  EXPECT_EQ(ReadFile(log, 1U << 20U)->size(), calls->size()) << "everything was in the replay file";
}

TEST_F(TuneTest, ACommandThatBreaksEndsTheSearchWithWhatItPrinted) {
  const Finished finished = Tune({"--command", "echo no licence >&2; exit 255; {ini}"}, 3);
  EXPECT_THAT(finished.err, HasSubstr("no licence"));
}

}  // namespace
}  // namespace plumb::test
