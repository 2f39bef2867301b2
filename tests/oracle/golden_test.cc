// Our executors against the official TFLite runtime. What it computed lies in
// tests/testdata/oracle, made by tools/oracle/make-goldens.
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/npu/import/tflite.h"
#include "common/npu/kernels_fast/executor.h"
#include "common/npu/kernels_reference/executor.h"
#include "common/npu/quantize/quantize.h"
#include "tests/oracle/agreement.h"
#include "tests/support/testdata.h"

namespace plumb::testing {
namespace {

// Networks whose sums are all in XNNPACK's order are the oracle's to the last bit.
constexpr double kIdentical = 0;
constexpr double kMaxRelativeL2 = 1e-5;

// Of xorshift32, as tools/oracle/picture.mjs makes them.
std::vector<uint8_t> RandomBytes(size_t count, uint32_t state) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < count; ++i) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    bytes.push_back(static_cast<uint8_t>(state >> 24));
  }
  return bytes;
}

std::vector<uint8_t> PixelFile(const std::string& name) {
  const Result<Buffer> file = ReadFile(TestDataPath(name));
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  return file.ok() ? std::vector<uint8_t>(file.value().span().begin(), file.value().span().end())
                   : std::vector<uint8_t>();
}

std::shared_ptr<const npu::Graph> Import(const std::filesystem::path& path) {
  const Result<Buffer> file = ReadFile(path);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  Result<npu::Graph> graph = npu::ImportTflite(file.value(), path.stem().string());
  EXPECT_TRUE(graph.ok()) << graph.status().ToString();
  return std::make_shared<const npu::Graph>(std::move(graph).value());
}

template <class T>
std::string DigestOf(const std::vector<T>& values) {
  return Sha256Hex({reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)});
}

// The golden run, its only input filled in after its digest was checked against what the oracle
// had.
OracleRun GoldenRun(const std::string& name, const std::vector<float>& input) {
  Result<OracleRun> loaded = LoadOracleRun(TestDataPath("oracle") / name);
  EXPECT_TRUE(loaded.ok()) << loaded.status().ToString();
  OracleRun run = std::move(loaded).value();
  EXPECT_EQ(run.inputs.at(0).sha256, DigestOf(input)) << "the oracle ran on another input";
  const auto* bytes = reinterpret_cast<const uint8_t*>(input.data());
  Result<TensorDesc> desc = MakeContiguousDesc(
      run.inputs[0].name, ElementType::kFloat32, Shape({static_cast<int64_t>(input.size())}));
  EXPECT_TRUE(desc.ok()) << desc.status().ToString();
  run.inputs[0].tensor.desc = std::move(desc).value();
  run.inputs[0].tensor.bytes = Buffer::Copy({bytes, input.size() * sizeof(float)});
  return run;
}

void ExpectFloatAgreement(const std::string& golden,
                          const std::filesystem::path& model,
                          const std::vector<uint8_t>& pixels,
                          double max_relative_l2) {
  std::vector<float> input;
  for (const uint8_t pixel : pixels) {
    input.push_back(static_cast<float>((pixel - 127.5) / 127.5));
  }
  const Result<Agreement> agreement = CompareFloat(Import(model), GoldenRun(golden, input));
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

// SHA-256 of every layer's stored values as int8, in order of execution, and the output's values.
struct IntegerRun {
  std::vector<std::string> layers;
  std::vector<int16_t> output;
};

template <class Executor>
IntegerRun RunIntegers(const std::shared_ptr<const npu::FixedModel>& model,
                       const std::vector<int16_t>& input) {
  IntegerRun run;
  const auto executor = Executor::Create(model, {});
  EXPECT_TRUE(executor.ok()) << executor.status().ToString();
  run.output.resize(model->tensors[model->outputs.at(0)].shape.element_count().value_or(0));
  const std::vector<std::span<const int16_t>> inputs = {input};
  const std::vector<std::span<int16_t>> outputs = {run.output};
  const Status ran =
      executor.value()->Run(inputs, outputs, [&](uint32_t, std::span<const int16_t> values) {
        run.layers.push_back(DigestOf(std::vector<int8_t>(values.begin(), values.end())));
      });
  EXPECT_TRUE(ran.ok()) << ran.ToString();
  return run;
}

template <class Executor>
class IntegerGolden : public ::testing::Test {};

using Executors = ::testing::Types<npu::ReferenceExecutor, npu::FastExecutor>;
TYPED_TEST_SUITE(IntegerGolden, Executors);

TYPED_TEST(IntegerGolden, ResNet8IsTheOraclesBitForBitInEveryLayer) {
  const std::filesystem::path path = SharedPath("models/resnet8_cifar_int8.tflite");
  if (path.empty()) {
    GTEST_SKIP() << SharedMissing("models/resnet8_cifar_int8.tflite");
  }
  Result<npu::FixedModel> model = npu::FixedFromQuantizedGraph(*Import(path));
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  std::vector<int16_t> input;
  for (const uint8_t pixel : PixelFile("chelsea_32.rgb")) {
    input.push_back(static_cast<int16_t>(pixel - 128));
  }
  const IntegerRun ours = RunIntegers<TypeParam>(
      std::make_shared<const npu::FixedModel>(std::move(model).value()), input);

  const Result<OracleRun> golden = LoadOracleRun(TestDataPath("oracle/resnet8_int8"));
  ASSERT_TRUE(golden.ok()) << golden.status().ToString();
  EXPECT_EQ(golden.value().inputs.at(0).sha256,
            DigestOf(std::vector<int8_t>(input.begin(), input.end())));
  // The file's last operation makes the output, which the oracle gives as values.
  ASSERT_EQ(ours.layers.size(), golden.value().layers.size() + 1);
  for (size_t i = 0; i < golden.value().layers.size(); ++i) {
    ASSERT_EQ(ours.layers[i], golden.value().layers[i].sha256)
        << "first differing layer: " << i << ", " << golden.value().layers[i].name;
  }
  const Result<std::vector<double>> expected = RealValues(golden.value().outputs.at(0).tensor);
  ASSERT_TRUE(expected.ok());
  EXPECT_EQ(std::vector<double>(ours.output.begin(), ours.output.end()), expected.value());
}

}  // namespace
}  // namespace plumb::testing
