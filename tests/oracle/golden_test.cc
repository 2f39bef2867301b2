// Our executors against the official TFLite runtime. What it computed lies in
// tests/testdata/oracle, made by tools/oracle/make-goldens.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/oracle/agreement.h"
#include "tests/oracle/golden_run.h"
#include "tests/support/testdata.h"

namespace plumb::testing {
namespace {

// Networks whose sums are all in XNNPACK's order are the oracle's to the last bit.
constexpr double kIdentical = 0;
constexpr double kMaxRelativeL2 = 1e-5;

void ExpectFloatAgreement(const std::string& golden,
                          const std::filesystem::path& model,
                          const std::vector<uint8_t>& pixels,
                          double max_relative_l2) {
  const Result<Agreement> agreement =
      CompareFloat(ImportModel(model), LoadGolden(golden, RealPixels(pixels)));
  ASSERT_TRUE(agreement.ok()) << agreement.status().ToString();
  ASSERT_FALSE(agreement.value().outputs.empty());
  for (const analysis::TensorReport& output : agreement.value().outputs) {
    SCOPED_TRACE(output.name);
    EXPECT_EQ(output.nan_target + output.inf_target, 0U);
    ASSERT_TRUE(output.relative_l2.has_value());
    EXPECT_LE(*output.relative_l2, max_relative_l2);
  }
}

TEST(FloatGolden, BlazeFaceOnAPicture) {
  ExpectFloatAgreement("blazeface_astronaut",
                       TestDataPath("models/face_detection_short_range.tflite"),
                       PixelFile("blazeface_astronaut_128.rgb"),
                       kIdentical);
}

TEST(FloatGolden, BlazeFaceOnNoise) {
  ExpectFloatAgreement("blazeface_random",
                       TestDataPath("models/face_detection_short_range.tflite"),
                       RandomBytes(size_t{128} * 128 * 3, 1),
                       kIdentical);
}

TEST(FloatGolden, ResNet8OnAPicture) {
  const std::filesystem::path model = SharedPath("models/resnet8_cifar_float.tflite");
  if (model.empty()) {
    GTEST_SKIP() << SharedMissing("models/resnet8_cifar_float.tflite");
  }
  ExpectFloatAgreement("resnet8_float", model, PixelFile("chelsea_32.rgb"), kMaxRelativeL2);
}

struct Fetched {
  const char* name;  // of the network and of the golden
  size_t side;       // of its input
};

void PrintTo(const Fetched& network, std::ostream* out) {
  *out << network.name;
}

class FetchedNetwork : public ::testing::TestWithParam<Fetched> {};

TEST_P(FetchedNetwork, IsTheOraclesOnNoise) {
  const std::string name = GetParam().name;
  const std::filesystem::path model = ModelPath(name + ".tflite");
  if (model.empty()) {
    GTEST_SKIP() << ModelMissing(name + ".tflite");
  }
  ExpectFloatAgreement(
      name, model, RandomBytes(GetParam().side * GetParam().side * 3, 1), kMaxRelativeL2);
}

INSTANTIATE_TEST_SUITE_P(FloatGolden,
                         FetchedNetwork,
                         ::testing::Values(Fetched{"rnet", 24},
                                           Fetched{"onet", 48},
                                           Fetched{"face_landmark", 192},
                                           Fetched{"hand_landmark_lite", 224},
                                           Fetched{"object_detection_3d_cup", 224}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace plumb::testing
