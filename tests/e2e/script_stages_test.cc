// A preprocessing script at every stage: what it returns is what the stage computes with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/support/process.h"

namespace plumb::test {
namespace {

const std::string kData = PLUMB_TESTDATA_DIR;
const std::string kPixels = kData + "/blazeface_astronaut_128.rgb";  // u8[128x128x3]

constexpr std::string_view kScript =
    "import numpy\n"
    "def image_preprocess(path, norm=True):\n"
    "    pixels = numpy.fromfile(path, numpy.uint8).reshape(1, 128, 128, 3)\n"
    "    return ((pixels - 127.5) / 127.5).astype(numpy.float32) if norm else pixels\n";

class ScriptStages : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") != 0) {  // NOLINT
      GTEST_SKIP() << "apt-get install python3-numpy";
    }
    ASSERT_TRUE(WriteFileAtomically(Path("pre.py"), kScript).ok());
  }

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

  // A dump of `model` with and without the script, which must be the same bytes.
  void ExpectSameDump(const std::string& model) const {
    const std::vector<std::string> dump = {"dump", "--model", model, "--input", kPixels};
    const auto run = [&](const std::string& out, const std::vector<std::string>& more) {
      std::vector<std::string> flags = dump;
      flags.insert(flags.end(), {"--out", Path(out)});
      flags.insert(flags.end(), more.begin(), more.end());
      const Finished finished = Plumb(flags);
      EXPECT_EQ(finished.exit.code, 0) << finished.err;
    };
    run("plain.bin", {});
    run("script.bin", {"-n", Path("pre.py")});
    const auto plain = ReadFile(Path("plain.bin"));
    const auto script = ReadFile(Path("script.bin"));
    ASSERT_TRUE(plain.ok() && script.ok());
    EXPECT_GT(plain->size(), 100'000U);
    EXPECT_TRUE(plain->view() == script->view());
  }

  const std::string float_model_ = kData + "/models/face_detection_short_range.tflite";

 private:
  TempFolder folder_ = TempFolder::Create("plumb-script-").value();
};

TEST_F(ScriptStages, TheFloatStageIsFedWithNormTrue) {
  ExpectSameDump(float_model_);
}

TEST_F(ScriptStages, CalibrationAndTheFixedStageAgreeWithTheFilesTheyStandFor) {
  const auto quantize = [&](const std::string& out, const std::vector<std::string>& more) {
    std::vector<std::string> flags = {
        "quantize", "--model", float_model_, "--calibrate", kPixels, "--out", Path(out)};
    flags.insert(flags.end(), more.begin(), more.end());
    const Finished finished = Plumb(flags);
    EXPECT_EQ(finished.exit.code, 0) << finished.err;
  };
  quantize("plain.plm", {});
  quantize("script.plm", {"-n", Path("pre.py")});
  const auto plain = ReadFile(Path("plain.plm"));
  const auto script = ReadFile(Path("script.plm"));
  ASSERT_TRUE(plain.ok() && script.ok());
  EXPECT_TRUE(plain->view() == script->view());
  ExpectSameDump(Path("plain.plm"));
}

TEST_F(ScriptStages, NormalisedNumbersAreRefusedWhereTheModelTakesPixels) {
  ASSERT_EQ(
      Plumb({"quantize", "--model", float_model_, "--calibrate", kPixels, "--out", Path("f.plm")})
          .exit.code,
      0);
  ASSERT_TRUE(WriteFileAtomically(Path("always.py"),
                                  std::string_view("import numpy\n"
                                                   "def image_preprocess(path, norm=True):\n"
                                                   "    return numpy.full((128, 128, 3), 0.5)\n"))
                  .ok());
  const Finished dump = Plumb({"dump",
                               "--model",
                               Path("f.plm"),
                               "--input",
                               kPixels,
                               "-n",
                               Path("always.py"),
                               "--out",
                               Path("f.bin")});
  EXPECT_EQ(dump.exit.code, 2);
  EXPECT_THAT(dump.err, testing::HasSubstr("the values are no pixels"));
}

}  // namespace
}  // namespace plumb::test
