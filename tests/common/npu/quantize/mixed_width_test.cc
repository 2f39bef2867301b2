// Networks whose tensors are partly UINT8 and partly INT16.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/npu/float/executor.h"
#include "common/npu/import/import.h"
#include "common/npu/kernels_fast/executor.h"
#include "common/npu/model/container.h"
#include "common/npu/quantize/precision.h"
#include "common/npu/quantize/table.h"
#include "tests/common/npu/quantize/run_fixed.h"
#include "tests/support/testdata.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::Dequantize;
using ::plumb::testing::Quantize;
using ::plumb::testing::RunFixed;
using ::plumb::testing::TestDataPath;

// Real networks on a picture of their own size.
class RealNetwork : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const auto file = ReadFile(TestDataPath("models/" + GetParam()));
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    InputShapes shapes;
    if (GetParam().starts_with("ch_ppocr")) {
      shapes = {{"x", {1, 3, 48, 192}}};
    }
    auto graph = ImportNetwork(*file, "network", shapes);
    ASSERT_TRUE(graph.ok()) << graph.status().ToString();
    graph_ = std::make_shared<const Graph>(std::move(*graph));
    const Shape& shape = graph_->tensors[graph_->inputs[0]].shape;
    const auto count = static_cast<size_t>(shape.element_count().value_or(0));
    const auto picture = ReadFile(TestDataPath("blazeface_astronaut_128.rgb"));
    ASSERT_TRUE(picture.ok()) << picture.status().ToString();
    for (size_t i = 0; i < count; ++i) {
      pixels_.push_back(picture->span()[i % picture->size()]);
      real_.push_back((static_cast<float>(pixels_.back()) - 128) / 128);
    }
  }

  Result<FixedModel> Make(ConvolutionInputs inputs,
                          CalibrationMethod method = CalibrationMethod::kMinMax) const {
    PLUMB_ASSIGN_OR_RETURN(auto calibrator, Calibrator::Create(graph_, {method}));
    PLUMB_RETURN_IF_ERROR(calibrator.Add(std::vector<std::vector<float>>{real_}));
    QuantizeOptions options;
    options.precision.inputs = inputs;
    return QuantizeFromFloat(*graph_, calibrator.ranges(), options);
  }

  // Relative to the float network's: Σ |difference| / Σ |float|, by output.
  [[nodiscard]] std::vector<double> ErrorsOf(const FixedModel& fixed) const {
    auto executor = FloatExecutor::Create(graph_);
    EXPECT_TRUE(executor.ok());
    const auto reference = (*executor)->Run(std::vector<std::vector<float>>{real_});
    EXPECT_TRUE(reference.ok());
    const FixedTensor& input = fixed.tensors[fixed.inputs[0].tensor];
    const auto stored = RunFixed(fixed, {Quantize(input, real_)});
    std::vector<double> errors;
    for (size_t i = 0; i < stored.size(); ++i) {
      const auto values = Dequantize(fixed.tensors[fixed.outputs[i]], stored[i]);
      double difference = 0;
      double sum = 0;
      for (size_t k = 0; k < values.size(); ++k) {
        difference += std::fabs(values[k] - static_cast<double>((*reference)[i][k]));
        sum += std::fabs(static_cast<double>((*reference)[i][k]));
      }
      errors.push_back(difference / sum);
    }
    return errors;
  }

  std::shared_ptr<const Graph> graph_;
  std::vector<uint8_t> pixels_;
  std::vector<float> real_;
};

TEST_P(RealNetwork, Int16IsCloserToFloatAtEveryOutput) {
  const auto narrow = Make(ConvolutionInputs::kAllUint8);
  const auto wide = Make(ConvolutionInputs::kAllInt16);
  ASSERT_TRUE(narrow.ok()) << narrow.status().ToString();
  ASSERT_TRUE(wide.ok()) << wide.status().ToString();
  const std::vector<double> coarse = ErrorsOf(*narrow);
  const std::vector<double> fine = ErrorsOf(*wide);
  ASSERT_FALSE(coarse.empty());
  for (size_t i = 0; i < coarse.size(); ++i) {
    EXPECT_LT(fine[i], coarse[i]) << "output " << i;
    RecordProperty("u8_" + std::to_string(i), std::to_string(coarse[i]));
    RecordProperty("s16_" + std::to_string(i), std::to_string(fine[i]));
  }
}

TEST_P(RealNetwork, BothKernelSetsAgreeOnEveryMixture) {
  for (const char* format : {"CONV2D_INT16", "DEPTHWISE_INT16"}) {
    const auto fixed = Make(*ConvolutionInputsFromName(format));
    ASSERT_TRUE(fixed.ok()) << format << fixed.status().ToString();
    const FixedTensor& input = fixed->tensors[fixed->inputs[0].tensor];
    const std::vector<int16_t> stored = Quantize(input, real_);
    const auto reference = RunFixed(*fixed, {stored});
    auto fast = FastExecutor::Create(std::make_shared<const FixedModel>(*fixed), {});
    ASSERT_TRUE(fast.ok()) << fast.status().ToString();
    std::vector<std::vector<int16_t>> outputs;
    for (const auto& output : reference) {
      outputs.emplace_back(output.size());
    }
    const std::vector<std::span<int16_t>> to(outputs.begin(), outputs.end());
    const std::vector<std::span<const int16_t>> from = {stored};
    ASSERT_TRUE((*fast)->Run(from, to).ok());
    EXPECT_EQ(outputs, reference) << format;
  }
}

TEST_P(RealNetwork, ItsTableMakesTheSameModelByteForByte) {
  for (const char* format : {"ALL_UINT8", "ALL_INT16", "DEPTHWISE_INT16"}) {
    const auto fixed = Make(*ConvolutionInputsFromName(format), CalibrationMethod::kPercentile);
    ASSERT_TRUE(fixed.ok()) << format << fixed.status().ToString();
    const auto table = TableOf(*fixed);
    ASSERT_TRUE(table.ok()) << table.status().ToString();
    const std::string json = dump::WriteQuantizationTable(*table);
    const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(json.data()),
                                         json.size());
    const auto read = dump::ParseQuantizationTable(bytes);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    const auto again = QuantizeFromTable(*graph_, *read, {});
    ASSERT_TRUE(again.ok()) << format << again.status().ToString();
    EXPECT_EQ(*SerializeModel(*again), *SerializeModel(*fixed)) << format;
  }
}

INSTANTIATE_TEST_SUITE_P(Models,
                         RealNetwork,
                         ::testing::Values("face_detection_short_range.tflite",
                                           "face_detection_front_128x128_barracuda.onnx",
                                           "ch_ppocr_mobile_v2.0_cls_infer.onnx"));

}  // namespace
}  // namespace plumb::npu
