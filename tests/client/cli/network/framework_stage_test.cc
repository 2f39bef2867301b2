// Real networks in their framework's own engine against our float stage: every tensor of the file
// has its partner, and they agree. `plumb dump` and `plumb compare` as a person runs them.
#include <cstdio>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/framework/engines.h"
#include "tests/client/cli/command_line_harness.h"
#include "tests/support/testdata.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using framework::NetworkFormat;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string TestFile(const std::string& relative) {
  return plumb::testing::TestDataPath(relative).string();
}

struct Network {
  std::string name;
  NetworkFormat format;
  std::string file;
  std::string input_shape;  // "" where the file fixes it
  // How many tensors the file's nodes make that depend on the input's values, counted in the file.
  uint64_t layers = 0;
};

void PrintTo(const Network& network, std::ostream* out) {
  *out << network.name;
}

// Two limits of every layer: what two float32 implementations that sum in another order may differ.
constexpr const char* kMinCosine = "0.99999";
constexpr const char* kMaxRelL1 = "1e-4";

const std::vector<Network> kNetworks = {
    {"BlazeFaceOnnx", NetworkFormat::kOnnx, "face_detection_front_128x128_barracuda.onnx", "", 93},
    {"PpOcrClsOnnx",
     NetworkFormat::kOnnx,
     "ch_ppocr_mobile_v2.0_cls_infer.onnx",
     "x=1x3x48x192",
     215},
    {"BlazeFaceTflite", NetworkFormat::kTflite, "face_detection_short_range.tflite", "", 90},
    {"RnetTflite", NetworkFormat::kTflite, "rnet.tflite", "", 37},
    {"RnetCaffe", NetworkFormat::kCaffe, "caffe/rnet.caffemodel", "", 13},
};

class FrameworkStageTest : public ::testing::TestWithParam<Network> {
 protected:
  FrameworkStageTest() : folder_(TempFolder::Create("framework-stage").value()) {}

  [[nodiscard]] std::string Path(const std::string& name) const {
    return (folder_.path() / name).string();
  }

  // `plumb dump --stage STAGE` of the network on the astronaut; what it says as JSON.
  json Dump(const std::string& stage) {
    const Network& network = GetParam();
    std::vector<std::string> arguments = {"dump",
                                          "--stage",
                                          stage,
                                          "--model",
                                          TestFile("models/" + network.file),
                                          "--input",
                                          TestFile("images/astronaut.png"),
                                          "--out",
                                          Path(stage + ".bin"),
                                          "--json",
                                          Path(stage + ".json")};
    if (!network.input_shape.empty()) {
      arguments.insert(arguments.end(), {"--input-shape", network.input_shape});
    }
    const Outcome outcome = Plumb(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
    return Json(stage + ".json");
  }

  [[nodiscard]] json Json(const std::string& name) const {
    const auto bytes = ReadFile(Path(name));
    return bytes.ok() ? json::parse(bytes->view(), nullptr, false) : json();
  }

  TempFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(All,
                         FrameworkStageTest,
                         ::testing::ValuesIn(kNetworks),
                         [](const auto& entry) { return entry.param.name; });

TEST_P(FrameworkStageTest, FloatStageHasEveryTensorOfTheFile) {
  EXPECT_EQ(Dump("float")["layers"], GetParam().layers);
}

TEST_P(FrameworkStageTest, EveryLayerOfTheFrameworkAgreesWithOurs) {
  const framework::EngineState engine = framework::ExamineEngine(GetParam().format);
  if (!engine.usable) {
    GTEST_SKIP() << engine.detail << "; run " << engine.mend;
  }
  Dump("float");
  const json dumped = Dump("framework");
  EXPECT_EQ(dumped["layers"], GetParam().layers);
  EXPECT_THAT(dumped["unreadable"], IsEmpty());

  const Outcome outcome = Plumb({"compare",
                                 Path("framework.bin"),
                                 Path("float.bin"),
                                 "--min-cosine",
                                 kMinCosine,
                                 "--max-rel-l1",
                                 kMaxRelL1,
                                 "--json",
                                 Path("report.json")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.error;
  const json report = Json("report.json");
  EXPECT_EQ(report["coverage"]["matched"], GetParam().layers);
  EXPECT_THAT(report["coverage"]["missing_in_target"], IsEmpty());
  EXPECT_THAT(report["coverage"]["missing_in_reference"], IsEmpty());
  EXPECT_THAT(report["coverage"]["duplicate"], IsEmpty());
  EXPECT_EQ(report["coverage"]["constant"], dumped["constants"]);
  double worst = 0;
  for (const json& tensor : report["tensors"]) {
    worst = std::max(worst, tensor["rel_l1"].get<double>());
  }
  std::printf("%s, %s: %d layers, worst rel_l1 %.2e\n",
              GetParam().name.c_str(),
              dumped["engine"].get<std::string>().c_str(),
              static_cast<int>(report["tensors"].size()),
              worst);
}

// The comparison above must see a difference.
TEST_P(FrameworkStageTest, AnotherPictureIsAMismatch) {
  const framework::EngineState engine = framework::ExamineEngine(GetParam().format);
  if (!engine.usable) {
    GTEST_SKIP() << engine.detail << "; run " << engine.mend;
  }
  Dump("framework");
  std::vector<std::string> arguments = {"dump",
                                        "--stage",
                                        "float",
                                        "--model",
                                        TestFile("models/" + GetParam().file),
                                        "--input",
                                        TestFile("images/chelsea.png"),
                                        "--out",
                                        Path("float.bin")};
  if (!GetParam().input_shape.empty()) {
    arguments.insert(arguments.end(), {"--input-shape", GetParam().input_shape});
  }
  EXPECT_EQ(Plumb(arguments).exit_code, 0);
  EXPECT_EQ(Plumb({"compare",
                   Path("framework.bin"),
                   Path("float.bin"),
                   "--min-cosine",
                   kMinCosine,
                   "--max-rel-l1",
                   kMaxRelL1})
                .exit_code,
            1);
}

// BlazeFace's ONNX file turns its results to NHWC itself: four tensors that lie as the file has
// them among those that lie as pictures. A fixed model is dumped without its network at hand.
TEST(FixedStageTest, HasTheShapesOfTheFloatStage) {
  const TempFolder folder = TempFolder::Create("fixed-stage").value();
  const auto path = [&](const std::string& name) { return (folder.path() / name).string(); };
  const std::string model = TestFile("models/face_detection_front_128x128_barracuda.onnx");
  const std::string picture = TestFile("images/astronaut.png");
  ASSERT_EQ(
      Plumb({"quantize", "--model", model, "--calibrate", picture, "--out", path("fixed.plm")})
          .exit_code,
      0);
  for (const auto& [of, stage] :
       {std::pair(model, "float"), std::pair(path("fixed.plm"), "fixed")}) {
    ASSERT_EQ(Plumb({"dump",
                     "--stage",
                     stage,
                     "--model",
                     of,
                     "--input",
                     picture,
                     "--out",
                     path(std::string(stage) + ".bin")})
                  .exit_code,
              0);
  }
  Plumb({"compare",
         path("float.bin"),
         path("fixed.bin"),
         "--min-cosine",
         "0.9",
         "--json",
         path("report.json")});
  const auto bytes = ReadFile(path("report.json"));
  ASSERT_TRUE(bytes.ok());
  const json report = json::parse(bytes->view());
  size_t turned = 0;
  for (const json& tensor : report["tensors"]) {
    EXPECT_EQ(tensor["verdict"], "match") << tensor["name"] << ": " << tensor["reason"];
    const bool plain = tensor["name"].get<std::string>().find("BiasAdd__1") != std::string::npos;
    turned += plain && tensor["shape"] != json({1, 128, 128, 3}) ? 1U : 0U;
  }
  EXPECT_EQ(turned, 4U);
}

struct Refusal {
  std::string model;
  std::vector<std::string> more;
  std::string message;
  std::string hint;
};

class FrameworkRefusalTest : public ::testing::Test {
 protected:
  static Outcome Dump(const std::string& model, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"dump",
                                          "--stage",
                                          "framework",
                                          "--model",
                                          TestFile("models/" + model),
                                          "--input",
                                          TestFile("images/astronaut.png"),
                                          "--out",
                                          "/nonexistent/dump.bin"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Plumb(arguments);
  }
};

TEST_F(FrameworkRefusalTest, AnAbsentEngineNamesTheCommandThatFetchesIt) {
  const std::vector<Refusal> refusals = {
      {"face_detection_front_128x128_barracuda.onnx",
       {"--engine", "/nonexistent/libonnxruntime.so"},
       "ONNX Runtime is not there: no '/nonexistent/libonnxruntime.so'",
       "tools/install-deps --frameworks"},
      {"face_detection_short_range.tflite",
       {"--engine", "/nonexistent/tflite"},
       "TFLite is not there: no '/nonexistent/tflite'",
       "tools/fetch-tflite"},
      {"caffe/rnet.prototxt",
       {"--engine", "/nonexistent/plugin.so"},
       "OpenCV DNN is not there: no '/nonexistent/plugin.so'",
       "tools/install-deps --frameworks"},
  };
  for (const Refusal& refusal : refusals) {
    const Outcome outcome = Dump(refusal.model, refusal.more);
    EXPECT_EQ(outcome.exit_code, 2) << refusal.model;
    EXPECT_THAT(outcome.error, HasSubstr(refusal.message));
    EXPECT_THAT(outcome.error, HasSubstr(refusal.hint));
  }
}

TEST_F(FrameworkRefusalTest, ALibraryThatIsNoEngineIsNamed) {
  // This test program is no library of either kind.
  const std::string program = ProgramPath().value().string();
  const Outcome outcome =
      Dump("face_detection_front_128x128_barracuda.onnx", {"--engine", program});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr(program));
  EXPECT_THAT(outcome.error, HasSubstr("tools/install-deps --frameworks"));
}

TEST_F(FrameworkRefusalTest, AnOfflineModelHasNoFramework) {
  const Outcome outcome = Plumb({"dump",
                                 "--stage",
                                 "framework",
                                 "--model",
                                 TestFile("images/astronaut.png"),
                                 "--input",
                                 TestFile("images/astronaut.png"),
                                 "--out",
                                 "x"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("is no model of a framework"));
}

TEST_F(FrameworkRefusalTest, AnEngineIsForTheFrameworkStageAlone) {
  const Outcome outcome = Plumb({"dump",
                                 "--stage",
                                 "float",
                                 "--engine",
                                 "x",
                                 "--model",
                                 TestFile("models/rnet.tflite"),
                                 "--input",
                                 TestFile("images/astronaut.png"),
                                 "--out",
                                 "x"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("--engine is for --stage framework"));
}

TEST_F(FrameworkRefusalTest, AnOpenShapeSaysHowToFixIt) {
  const framework::EngineState engine = framework::ExamineEngine(NetworkFormat::kOnnx);
  if (!engine.usable) {
    GTEST_SKIP() << engine.detail << "; run " << engine.mend;
  }
  const Outcome open = Dump("ch_ppocr_mobile_v2.0_cls_infer.onnx", {});
  EXPECT_EQ(open.exit_code, 2);
  EXPECT_THAT(open.error, HasSubstr("'x' open: x=?x3x?x?"));
  const Outcome other =
      Dump("ch_ppocr_mobile_v2.0_cls_infer.onnx", {"--input-shape", "x=1x4x48x192"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.error, HasSubstr("contradicts the file, which says x=?x3x?x?"));
}

}  // namespace
}  // namespace plumb::client
