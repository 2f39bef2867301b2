// Our integer kernels against the official TFLite runtime. What it computed lies in
// tests/testdata/oracle, made by tools/oracle/make-goldens.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/npu/kernels_fast/executor.h"
#include "common/npu/kernels_reference/executor.h"
#include "common/npu/quantize/calibration.h"
#include "common/npu/quantize/quantize.h"
#include "tests/oracle/agreement.h"
#include "tests/oracle/golden_run.h"
#include "tests/oracle/int8_graph.h"
#include "tests/oracle/layers_alone.h"
#include "tests/support/testdata.h"

namespace plumb::testing {
namespace {

// Our own 8-bit numbers for a float network, calibrated on one input, as an int8 network.
npu::Graph QuantisedHere(const std::string& model, const std::vector<float>& sample) {
  const std::shared_ptr<const npu::Graph> graph = ImportModel(ModelPath(model));
  Result<npu::Calibrator> calibrator = npu::Calibrator::Create(graph);
  EXPECT_TRUE(calibrator.ok()) << calibrator.status().ToString();
  const Status added = calibrator.value().Add(std::vector<std::vector<float>>{sample});
  EXPECT_TRUE(added.ok()) << added.ToString();
  const Result<npu::FixedModel> fixed =
      npu::QuantizeFromFloat(*graph, calibrator.value().ranges(), {});
  EXPECT_TRUE(fixed.ok()) << fixed.status().ToString();
  Result<npu::Graph> int8 = Int8GraphOf(*graph, fixed.value());
  EXPECT_TRUE(int8.ok()) << int8.status().ToString();
  return std::move(int8).value();
}

std::shared_ptr<const npu::FixedModel> FixedOf(const npu::Graph& graph) {
  Result<npu::FixedModel> model = npu::FixedFromQuantizedGraph(graph);
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  return std::make_shared<const npu::FixedModel>(std::move(model).value());
}

struct IntegerRun {
  std::map<std::string, std::string> layers;  // SHA-256 of a layer's stored values as int8
  std::map<std::string, std::string> ops;     // its kind
  std::vector<std::vector<int16_t>> outputs;
};

template <class Executor>
IntegerRun RunIntegers(const std::shared_ptr<const npu::FixedModel>& model,
                       const std::vector<int16_t>& input) {
  IntegerRun run;
  const auto executor = Executor::Create(model, {});
  EXPECT_TRUE(executor.ok()) << executor.status().ToString();
  for (const uint32_t output : model->outputs) {
    run.outputs.emplace_back(model->tensors[output].shape.element_count().value_or(0));
  }
  for (const npu::FixedOp& op : model->ops) {
    run.ops[model->tensors[op.output].name] = op.source_op;
  }
  const std::vector<std::span<const int16_t>> inputs = {input};
  const std::vector<std::span<int16_t>> outputs(run.outputs.begin(), run.outputs.end());
  const Status ran =
      executor.value()->Run(inputs, outputs, [&](uint32_t tensor, std::span<const int16_t> values) {
        run.layers[model->tensors[tensor].name] =
            DigestOf(std::vector<int8_t>(values.begin(), values.end()));
      });
  EXPECT_TRUE(ran.ok()) << ran.ToString();
  return run;
}

std::vector<int16_t> StoredPixels(const std::vector<uint8_t>& pixels) {
  std::vector<int16_t> stored;
  for (const uint8_t pixel : pixels) {
    stored.push_back(static_cast<int16_t>(pixel - 128));
  }
  return stored;
}

// The kinds of the layers that are not the oracle's, with their number. Every layer of the golden
// must be one of ours.
std::map<std::string, int> DifferingLayers(const IntegerRun& ours, const OracleRun& golden) {
  std::map<std::string, int> differing;
  EXPECT_FALSE(golden.layers.empty());
  for (const OracleTensor& layer : golden.layers) {
    const auto found = ours.layers.find(layer.name.substr(0, 200));
    EXPECT_NE(found, ours.layers.end()) << "we do not compute " << layer.name;
    if (found != ours.layers.end() && found->second != layer.sha256) {
      ++differing[ours.ops.at(found->first)];
    }
  }
  return differing;
}

// The largest difference of any output.
double LargestDifference(const IntegerRun& ours, const OracleRun& golden) {
  double largest = 0;
  EXPECT_EQ(ours.outputs.size(), golden.outputs.size());
  for (size_t i = 0; i < ours.outputs.size(); ++i) {
    const Result<std::vector<double>> expected = RealValues(golden.outputs.at(i).tensor);
    EXPECT_TRUE(expected.ok()) << expected.status().ToString();
    EXPECT_EQ(expected.value().size(), ours.outputs[i].size());
    for (size_t k = 0; k < ours.outputs[i].size(); ++k) {
      largest = std::max(largest, std::abs(expected.value().at(k) - ours.outputs[i][k]));
    }
  }
  return largest;
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
  const std::vector<int16_t> input = StoredPixels(PixelFile("chelsea_32.rgb"));
  const OracleRun golden = LoadGolden("resnet8_int8");
  EXPECT_EQ(golden.inputs.at(0).sha256, DigestOf(std::vector<int8_t>(input.begin(), input.end())));
  const IntegerRun ours = RunIntegers<TypeParam>(FixedOf(*ImportModel(path)), input);
  EXPECT_TRUE(DifferingLayers(ours, golden).empty());
  EXPECT_EQ(LargestDifference(ours, golden), 0);
}

TYPED_TEST(IntegerGolden, RNetQuantisedHereIsTheOraclesBitForBitInEveryLayer) {
  if (ModelPath("rnet.tflite").empty()) {
    GTEST_SKIP() << ModelMissing("rnet.tflite");
  }
  const std::vector<uint8_t> pixels = RandomBytes(size_t{24} * 24 * 3, 1);
  const IntegerRun ours = RunIntegers<TypeParam>(
      FixedOf(QuantisedHere("rnet.tflite", RealPixels(pixels))), StoredPixels(pixels));
  const OracleRun golden = LoadGolden("rnet_int8");
  EXPECT_TRUE(DifferingLayers(ours, golden).empty());
  EXPECT_EQ(LargestDifference(ours, golden), 0);
}

// XNNPACK's QUANTIZE between int8 tensors knows a scale to 8 bits alone.
TYPED_TEST(IntegerGolden, BlazeFaceQuantisedHereDiffersInQuantizeAlone) {
  const std::vector<uint8_t> pixels = PixelFile("blazeface_astronaut_128.rgb");
  const IntegerRun ours = RunIntegers<TypeParam>(
      FixedOf(QuantisedHere("face_detection_short_range.tflite", RealPixels(pixels))),
      StoredPixels(pixels));
  const OracleRun golden = LoadGolden("blazeface_int8");
  for (const auto& [kind, count] : DifferingLayers(ours, golden)) {
    EXPECT_EQ(kind, "QUANTIZE") << count;
  }
  EXPECT_LE(LargestDifference(ours, golden), 1);
}

// One operation of each kind on the oracle's own operands; docs/arithmetic.md says why.
TEST(OperationGolden, EachKindRoundsAsDocumented) {
  const std::map<std::string, Rule> exceptions = {{"LEAKY_RELU", Rule::kCoarseScale},
                                                  {"PRELU", Rule::kHalfAway},
                                                  {"QUANTIZE", Rule::kCoarseScale},
                                                  {"RESIZE_BILINEAR", Rule::kHalfUp},
                                                  {"TRANSPOSE_CONV", Rule::kHalfAway}};
  const std::shared_ptr<const npu::Graph> network =
      ImportModel(TestDataPath("oracle/operations/network.tflite"));
  const Result<std::vector<IntegerLayer>> layers =
      CompareIntegerLayersAlone(*FixedOf(*network), LoadGolden("operations"));
  ASSERT_TRUE(layers.ok()) << layers.status().ToString();
  // 28 kinds, and what some of them are made of.
  ASSERT_EQ(layers.value().size(), network->ops.size());
  ASSERT_GE(layers.value().size(), 28U);
  for (const IntegerLayer& layer : layers.value()) {
    SCOPED_TRACE(layer.op + " " + layer.name);
    const auto exception = exceptions.find(layer.op);
    const Rule expected = exception == exceptions.end() ? Rule::kHalfEven : exception->second;
    EXPECT_EQ(RuleName(layer.rule), RuleName(expected));
    EXPECT_LE(layer.largest, 1U);
  }
}

}  // namespace
}  // namespace plumb::testing
