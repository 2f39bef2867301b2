// The verbs that need neither board nor server, on a real network.
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/e2e/models.h"
#include "tests/support/process.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

using nlohmann::json;

const std::string kData = PLUMB_TESTDATA_DIR;
const std::string kNetwork = kData + "/models/face_detection_short_range.tflite";
const std::string kPicture = kData + "/images/astronaut.png";

class OfflineVerbs : public testing::Test {
 protected:
  OfflineVerbs() : folder_(TempFolder::Create("plumb-verbs-").value()) {}

  [[nodiscard]] std::string Path(const std::string& name) const {
    return (folder_.path() / name).string();
  }

  // Runs `plumb …` and expects exit code 0.
  static Finished Plumb(const std::vector<std::string>& flags) {
    std::vector<std::string> argv = {BinaryPath("plumb")};
    argv.insert(argv.end(), flags.begin(), flags.end());
    auto finished = RunProgram(argv);
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    EXPECT_EQ(finished->exit.code, 0) << finished->out << finished->err;
    return finished.ok() ? *finished : Finished{};
  }

 private:
  TempFolder folder_;
};

TEST_F(OfflineVerbs, QuantizeGivesTheSameBytesTwice) {
  for (const std::string name : {"a.plm", "b.plm"}) {
    Plumb({"quantize", "--model", kNetwork, "--calibrate", kPicture, "--out", Path(name)});
  }
  const auto compared = RunProgram({"cmp", Path("a.plm"), Path("b.plm")});
  ASSERT_TRUE(compared.ok());
  EXPECT_EQ(compared->exit.code, 0) << compared->out;
}

TEST_F(OfflineVerbs, DumpHoldsEveryLayerOfBothStages) {
  Plumb({"quantize", "--model", kNetwork, "--calibrate", kPicture, "--out", Path("f.plm")});
  Plumb({"dump",
         "--stage",
         "float",
         "--model",
         kNetwork,
         "--input",
         kPicture,
         "--out",
         Path("float.bin")});
  Plumb({"dump",
         "--stage",
         "fixed",
         "--model",
         Path("f.plm"),
         "--input",
         kPicture,
         "--out",
         Path("fixed.bin")});
  for (const auto& [file, first_line] :
       {std::pair{"float.bin", "isFloat: 1\n"}, std::pair{"fixed.bin", "isFloat: 0\n"}}) {
    const auto dump = ReadFile(Path(file));
    ASSERT_TRUE(dump.ok());
    EXPECT_TRUE(dump->view().starts_with(first_line)) << file;
    // The network's outputs under the network's own names, 896·16 and 896 float32 values.
    EXPECT_NE(dump->view().find("name: regressors "), std::string_view::npos) << file;
    EXPECT_NE(dump->view().find("//buffer data size: 57344\n"), std::string_view::npos) << file;
    EXPECT_NE(dump->view().find("name: classificators "), std::string_view::npos) << file;
    EXPECT_NE(dump->view().find("//buffer data size: 3584\n"), std::string_view::npos) << file;
  }
}

// BlazeFace crosses the limits early and stays beyond them; run alone, one layer of all those is at
// fault, and with its output put right both outputs of the network are within the limits.
TEST_F(OfflineVerbs, LayersRunAloneTellTheOneAtFaultFromThoseThatInherit) {
  const std::string fixed = Path("f.plm");
  Plumb({"quantize", "--model", kNetwork, "--calibrate", kPicture, "--out", fixed});
  Plumb({"dump", "--model", kNetwork, "--input", kPicture, "--out", Path("float.bin")});
  Plumb({"dump", "--model", fixed, "--input", kPicture, "--out", Path("fixed.bin")});
  const auto finished = RunProgram({BinaryPath("plumb"),
                                    "layers",
                                    Path("float.bin"),
                                    Path("fixed.bin"),
                                    "--mode",
                                    "isolated",
                                    "--model",
                                    fixed,
                                    "--json",
                                    "-"});
  ASSERT_TRUE(finished.ok()) << finished.status().ToString();
  EXPECT_EQ(finished->exit.code, 1) << finished->err;
  const auto document = json::parse(finished->out, nullptr, false);
  ASSERT_FALSE(document.is_discarded()) << finished->out;
  EXPECT_EQ(document["mode"], "isolated");
  const json& blame = document["blame"];
  EXPECT_EQ(blame["within"], false);
  EXPECT_EQ(blame["target_unlike"], 0);
  ASSERT_EQ(blame["culprits"].size(), 1U) << blame.dump(2);
  EXPECT_EQ(blame["culprits"][0]["blame"], "coarse");
  EXPECT_EQ(blame["culprits"][0]["within"], true);
  size_t innocent = 0;
  for (const json& tensor : document["tensors"]) {
    const json& alone = tensor["isolated"];
    ASSERT_TRUE(alone.is_object()) << tensor["name"];
    if (alone["blame"] == "inherited") {
      ++innocent;
      EXPECT_EQ(tensor["verdict"], "mismatch");
      EXPECT_EQ(alone["local"]["within"], true);
    }
  }
  EXPECT_GT(innocent, 50U);
  EXPECT_NE(finished->err.find("culprit 1"), std::string::npos) << finished->err;

  const auto without = RunProgram(
      {BinaryPath("plumb"), "layers", Path("float.bin"), Path("fixed.bin"), "--mode", "isolated"});
  ASSERT_TRUE(without.ok());
  EXPECT_EQ(without->exit.code, 2);
  EXPECT_NE(without->err.find("--model"), std::string::npos) << without->err;
}

TEST_F(OfflineVerbs, InputOfAPictureModelIsItsPixels) {
  const auto& model = BlazeFace("S6");
  const auto made = ReadFile(model.input);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->size(), 128U * 128U * 3U);
  // cv2.resize(…, (128, 128), interpolation=INTER_LINEAR) of OpenCV 4.6 on the same picture, as
  // tests/common/npu/float/network_test.cc says how.
  const auto opencv = ReadFile(kData + "/blazeface_astronaut_128.rgb");
  ASSERT_TRUE(opencv.ok()) << opencv.status().ToString();
  EXPECT_EQ(made->view(), opencv->view());
}

TEST_F(OfflineVerbs, InspectKnowsWhatEachVerbWrote) {
  Plumb({"quantize", "--model", kNetwork, "--calibrate", kPicture, "--out", Path("f.plm")});
  Plumb({"dump",
         "--stage",
         "float",
         "--model",
         kNetwork,
         "--input",
         kPicture,
         "--out",
         Path("float.bin")});
  for (const std::string& path :
       {kNetwork, Path("f.plm"), BlazeFace("S6").model, Path("float.bin"), kPicture}) {
    const auto inspected = Plumb({"inspect", path, "--json", "-"});
    const auto document = json::parse(inspected.out, nullptr, false);
    ASSERT_FALSE(document.is_discarded()) << path << inspected.out;
    EXPECT_TRUE(document["error"].is_null()) << inspected.out;
  }
  const auto words = Plumb({"inspect", BlazeFace("S6").model}).out;
  EXPECT_NE(words.find("classificators"), std::string::npos) << words;
  EXPECT_NE(words.find("S6"), std::string::npos) << words;
}

}  // namespace
}  // namespace plumb::test
