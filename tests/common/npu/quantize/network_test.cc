// Real networks end to end: file, graph, float execution, calibration, fixed model, reference
// kernels.
//
// The pictures were made with OpenCV 4.6 from tests/testdata/images:
//   cv2.resize(cv2.cvtColor(cv2.imread("astronaut.png"), cv2.COLOR_BGR2RGB), (128, 128)).tofile(…)
// and likewise chelsea.png to (32, 32) with interpolation=cv2.INTER_AREA.
#include <algorithm>
#include <cmath>
#include <memory>

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/npu/float/executor.h"
#include "common/npu/import/tflite/tflite.h"
#include "common/npu/quantize/quantize.h"
#include "tests/common/npu/quantize/run_fixed.h"
#include "tests/support/testdata.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::Dequantize;
using ::plumb::testing::RunFixed;
using ::plumb::testing::SharedMissing;
using ::plumb::testing::SharedPath;
using ::plumb::testing::TestDataPath;

std::vector<uint8_t> ReadPixels(const std::filesystem::path& path) {
  const Result<Buffer> file = plumb::ReadFile(path);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  return file.ok() ? std::vector<uint8_t>(file->span().begin(), file->span().end())
                   : std::vector<uint8_t>();
}

std::shared_ptr<const Graph> Import(const std::filesystem::path& path) {
  const Result<Buffer> file = plumb::ReadFile(path);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  if (!file.ok()) {
    return nullptr;
  }
  Result<Graph> graph = ImportTflite(*file, path.stem().string());
  EXPECT_TRUE(graph.ok()) << graph.status().ToString();
  return graph.ok() ? std::make_shared<const Graph>(std::move(*graph)) : nullptr;
}

std::vector<float> Normalise(const std::vector<uint8_t>& pixels, float mean, float std_dev) {
  std::vector<float> values;
  for (const uint8_t pixel : pixels) {
    values.push_back((static_cast<float>(pixel) - mean) / std_dev);
  }
  return values;
}

double Sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

// Outputs of the reference kernels, dequantised.
std::vector<std::vector<double>> RunToReal(const FixedModel& fixed,
                                           const std::vector<int16_t>& input) {
  const std::vector<std::vector<int16_t>> stored = RunFixed(fixed, {input});
  std::vector<std::vector<double>> real;
  for (size_t i = 0; i < stored.size(); ++i) {
    real.push_back(Dequantize(fixed.tensors[fixed.outputs[i]], stored[i]));
  }
  return real;
}

double Cosine(const std::vector<float>& a, const std::vector<double>& b) {
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += b[i] * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

class BlazeFaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    graph_ = Import(TestDataPath("models/face_detection_short_range.tflite"));
    ASSERT_NE(graph_, nullptr);
    pixels_ = ReadPixels(TestDataPath("blazeface_astronaut_128.rgb"));
    ASSERT_EQ(pixels_.size(), 128U * 128 * 3);
    input_ = Normalise(pixels_, 127.5F, 127.5F);
  }

  std::vector<std::vector<float>> RunFloat(const std::vector<float>& input) {
    auto executor = FloatExecutor::Create(graph_);
    EXPECT_TRUE(executor.ok()) << executor.status().ToString();
    auto outputs = (*executor)->Run(std::vector<std::vector<float>>{input});
    EXPECT_TRUE(outputs.ok()) << outputs.status().ToString();
    return *outputs;
  }

  FixedModel Quantize(int bits) {
    auto calibrator = Calibrator::Create(graph_);
    EXPECT_TRUE(calibrator.ok()) << calibrator.status().ToString();
    const Status added = calibrator->Add(std::vector<std::vector<float>>{input_});
    EXPECT_TRUE(added.ok()) << added.ToString();
    QuantizeOptions options;
    options.bits = bits;
    options.pictures = {PictureInput{}};
    Result<FixedModel> fixed = QuantizeFromFloat(*graph_, calibrator->ranges(), options);
    EXPECT_TRUE(fixed.ok()) << fixed.status().ToString();
    return fixed.ok() ? *fixed : FixedModel();
  }

  // The reals that stored pixels stand for: 128 is zero there, 127.5 is the mean.
  std::vector<std::vector<float>> RunFloatOnStored() {
    return RunFloat(Normalise(pixels_, 128, 127.5F));
  }

  std::vector<int16_t> StoredPixels() const { return {pixels_.begin(), pixels_.end()}; }

  std::shared_ptr<const Graph> graph_;
  std::vector<uint8_t> pixels_;
  std::vector<float> input_;
};

TEST_F(BlazeFaceTest, FloatFindsTheFaceWhereMediaPipeDoes) {
  const std::vector<std::vector<float>> outputs = RunFloat(input_);
  ASSERT_EQ(outputs.size(), 2U);
  ASSERT_EQ(outputs[0].size(), 896U * 16);
  ASSERT_EQ(outputs[1].size(), 896U);
  const auto best = std::max_element(outputs[1].begin(), outputs[1].end());
  const double score = Sigmoid(static_cast<double>(*best));
  EXPECT_GT(score, 0.92);
  EXPECT_LT(score, 0.94);
}

TEST_F(BlazeFaceTest, EightBitsStayCloseToFloat) {
  const FixedModel fixed = Quantize(8);
  ASSERT_EQ(fixed.inputs.size(), 1U);
  const FixedTensor& input = fixed.tensors[fixed.inputs[0].tensor];
  EXPECT_EQ(input.element_type, ElementType::kUint8);
  EXPECT_EQ(input.zero_point, 128);
  EXPECT_EQ(input.scale, static_cast<double>(static_cast<float>(1 / 127.5)));
  const std::vector<std::vector<float>> real = RunFloatOnStored();
  const std::vector<std::vector<double>> quantised = RunToReal(fixed, StoredPixels());
  EXPECT_GT(Cosine(real[0], quantised[0]), 0.98);
  EXPECT_GT(Cosine(real[1], quantised[1]), 0.96);
  const double best = *std::max_element(quantised[1].begin(), quantised[1].end());
  // Calibrated on this one picture, eight bits move the score by a few hundredths with every detail
  // of the weights' rounding.
  EXPECT_NEAR(Sigmoid(best), 0.93, 0.05);
}

TEST_F(BlazeFaceTest, SixteenBitsAreCloserThanEight) {
  const std::vector<std::vector<float>> real = RunFloatOnStored();
  const double narrow = Cosine(real[1], RunToReal(Quantize(8), StoredPixels())[1]);
  const double wide = Cosine(real[1], RunToReal(Quantize(16), StoredPixels())[1]);
  RecordProperty("cosine_8", std::to_string(narrow));
  RecordProperty("cosine_16", std::to_string(wide));
  EXPECT_GT(wide, narrow);
  EXPECT_GT(wide, 0.99);
}

TEST(Resnet8Test, Int8SaysCatForTheCat) {
  const std::string name = "models/resnet8_cifar_int8.tflite";
  const std::filesystem::path path = SharedPath(name);
  if (path.empty()) {
    GTEST_SKIP() << SharedMissing(name);
  }
  const std::shared_ptr<const Graph> graph = Import(path);
  ASSERT_NE(graph, nullptr);
  const Result<FixedModel> fixed = FixedFromQuantizedGraph(*graph);
  ASSERT_TRUE(fixed.ok()) << fixed.status().ToString();
  std::vector<int16_t> input;
  for (const uint8_t pixel : ReadPixels(TestDataPath("chelsea_32.rgb"))) {
    input.push_back(static_cast<int16_t>(pixel - 128));
  }
  const std::vector<std::vector<double>> outputs = RunToReal(*fixed, input);
  ASSERT_EQ(outputs[0].size(), 10U);
  const auto best = std::max_element(outputs[0].begin(), outputs[0].end());
  EXPECT_EQ(best - outputs[0].begin(), 3);
  // q = 125 at scale 1/256 and zero point −128.
  EXPECT_EQ(*best, 253.0 / 256);
}

TEST(Resnet8Test, FloatSaysCatForTheCat) {
  const std::string name = "models/resnet8_cifar_float.tflite";
  const std::filesystem::path path = SharedPath(name);
  if (path.empty()) {
    GTEST_SKIP() << SharedMissing(name);
  }
  const std::shared_ptr<const Graph> graph = Import(path);
  ASSERT_NE(graph, nullptr);
  auto executor = FloatExecutor::Create(graph);
  ASSERT_TRUE(executor.ok()) << executor.status().ToString();
  const std::vector<float> input = Normalise(ReadPixels(TestDataPath("chelsea_32.rgb")), 0, 1);
  const auto outputs = (*executor)->Run(std::vector<std::vector<float>>{input});
  ASSERT_TRUE(outputs.ok()) << outputs.status().ToString();
  const auto best = std::max_element((*outputs)[0].begin(), (*outputs)[0].end());
  EXPECT_EQ(best - (*outputs)[0].begin(), 3);
  EXPECT_GT(*best, 0.9F);
}

}  // namespace
}  // namespace plumb::npu
