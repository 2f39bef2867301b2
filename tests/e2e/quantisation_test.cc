// Widths, methods and tables of quantisation as a person uses them, down to the virtual IPU.
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/support/process.h"

namespace plumb::test {
namespace {

const std::string kData = PLUMB_TESTDATA_DIR;
const std::string kPictures = kData + "/images";

struct Network {
  const char* file;
  const char* shape;  // --input-shape, or nothing
  const char* input_config;
};

std::ostream& operator<<(std::ostream& out, const Network& network) {
  return out << network.file;
}

class Quantisation : public testing::TestWithParam<Network> {
 protected:
  Quantisation() : folder_(TempFolder::Create("plumb-quantisation-").value()) {}

  [[nodiscard]] std::string Path(const std::string& name) const {
    return (folder_.path() / name).string();
  }

  static void Plumb(const std::vector<std::string>& flags) {
    std::vector<std::string> argv = {BinaryPath("plumb")};
    argv.insert(argv.end(), flags.begin(), flags.end());
    const auto finished = RunProgram(argv);
    ASSERT_TRUE(finished.ok()) << finished.status().ToString();
    EXPECT_EQ(finished->exit.code, 0) << finished->out << finished->err;
  }

  static void QuantizeTo(const std::string& out, const std::vector<std::string>& flags) {
    std::vector<std::string> all = {
        "quantize", "--model", kData + "/models/" + GetParam().file, "--out", out};
    if (*GetParam().shape != 0) {
      all.insert(all.end(), {"--input-shape", GetParam().shape});
    }
    all.insert(all.end(), flags.begin(), flags.end());
    Plumb(all);
  }

 private:
  TempFolder folder_;
};

TEST_P(Quantisation, EveryWidthRunsOnTheVirtualIpuAsInTheSimulator) {
  const std::string config = Path("c.ini");
  for (const std::string format : {"ALL_UINT8", "ALL_INT16", "DEPTHWISE_INT16"}) {
    const std::string text =
        std::string(GetParam().input_config) + "[CONV_CONFIG]\ninput_format=" + format + ";\n";
    ASSERT_TRUE(WriteFileAtomically(config, text).ok());
    QuantizeTo(Path("f.plm"), {"--calibrate", kPictures, "--input-config", config});
    Plumb({"compile", "--model", Path("f.plm"), "--chip", "S6", "--out", Path("m.img")});
    Plumb({"input",
           "make",
           "--image",
           kPictures + "/astronaut.png",
           "--model",
           Path("m.img"),
           "--out",
           Path("i.bin")});
    Plumb(
        {"run", "--local", "--virtual", "S6", "--model", Path("m.img"), "--input", Path("i.bin")});
  }
}

TEST_P(Quantisation, ATableGivesTheSameBytes) {
  QuantizeTo(Path("a.plm"), {"--calibrate", kPictures, "--method", "mse"});
  Plumb({"quant-params", "--model", Path("a.plm")});
  QuantizeTo(Path("b.plm"), {"--quant-params", Path("a.plm.json")});
  const auto first = ReadFile(Path("a.plm"));
  const auto second = ReadFile(Path("b.plm"));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->view(), second->view());
}

INSTANTIATE_TEST_SUITE_P(
    Models,
    Quantisation,
    testing::Values(
        Network{"face_detection_short_range.tflite",
                "",
                "[INPUT_CONFIG]\nmean=127.5\nstd_value=127.5\n"
                "training_input_formats=RGB\n"},
        Network{"face_detection_front_128x128_barracuda.onnx",
                "",
                "[INPUT_CONFIG]\nmean=127.5\nstd_value=127.5\ntraining_input_formats=RGB\n"},
        Network{"ch_ppocr_mobile_v2.0_cls_infer.onnx",
                "1,3,48,192",
                "[INPUT_CONFIG]\nmean=127.5\nstd_value=127.5\ntraining_input_formats=BGR\n"}));

}  // namespace
}  // namespace plumb::test
