#include "common/npu/quantize/precision.h"

#include <map>

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/npu/import/tflite/tflite.h"
#include "common/npu/kernels_fast/executor.h"
#include "common/npu/quantize/quantize.h"
#include "tests/common/npu/quantize/run_fixed.h"
#include "tests/support/graph_builder.h"
#include "tests/support/testdata.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::GraphBuilder;
using ::plumb::testing::RunFixed;
using ::plumb::testing::Window;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Names as they are in the text of the tests.
struct Network {
  Graph graph;
  std::map<std::string, uint32_t> tensors;

  [[nodiscard]] int Bits(const std::vector<int>& bits, const std::string& name) const {
    return bits.at(tensors.at(name));
  }
};

// x → conv1 → relu → pool → depthwise → scaled (· constant) → flat → dense
Network Chain() {
  GraphBuilder builder;
  Network network;
  std::map<std::string, uint32_t>& t = network.tensors;
  t["x"] = builder.Input({1, 4, 4, 1});
  const uint32_t w1 = builder.Constant({2, 1, 1, 1}, {1, 2});
  t["conv1"] = builder.Op(OpKind::kConv2d, {t["x"], w1}, {1, 4, 4, 2}, Window(1, 1));
  t["relu"] = builder.Op(OpKind::kRelu, {t["conv1"]}, {1, 4, 4, 2});
  WindowAttributes pool = Window(2, 2);
  pool.stride_height = 2;
  pool.stride_width = 2;
  t["pool"] = builder.Op(OpKind::kMaxPool2d, {t["relu"]}, {1, 2, 2, 2}, pool);
  const uint32_t w2 = builder.Constant({1, 1, 1, 2}, {3, 4});
  t["depthwise"] =
      builder.Op(OpKind::kDepthwiseConv2d, {t["pool"], w2}, {1, 2, 2, 2}, Window(1, 1));
  t["factor"] = builder.Constant({1}, {0.5});
  t["scaled"] = builder.Op(OpKind::kMul, {t["depthwise"], t["factor"]}, {1, 2, 2, 2});
  t["flat"] = builder.Op(OpKind::kReshape, {t["scaled"]}, {1, 8});
  const uint32_t w3 = builder.Constant({1, 8}, {1, 1, 1, 1, 1, 1, 1, 1});
  t["dense"] = builder.Op(OpKind::kFullyConnected, {t["flat"], w3}, {1, 1});
  for (const auto& [name, tensor] : t) {
    builder.At(tensor).name = name;
  }
  network.graph = builder.Build({t["dense"]});
  return network;
}

std::vector<std::string> Raised(const Network& network,
                                const Precision& precision,
                                const std::vector<uint32_t>& pictures = {}) {
  const auto bits = BitsOfTensors(network.graph, precision, 8, pictures);
  EXPECT_TRUE(bits.ok()) << bits.status().ToString();
  std::vector<std::string> names;
  for (const auto& [name, tensor] : network.tensors) {
    if (bits.ok() && (*bits)[tensor] == 16) {
      names.push_back(name);
    }
  }
  return names;
}

TEST(BitsOfTensors, NothingIsRaisedUnasked) {
  EXPECT_THAT(Raised(Chain(), {}), ElementsAre());
}

TEST(BitsOfTensors, APooledTensorIsRaisedWhereItsValuesAreComputed) {
  EXPECT_THAT(Raised(Chain(), {ConvolutionInputs::kAllUint8, {"pool"}}),
              ElementsAre("pool", "relu"));
}

TEST(BitsOfTensors, AConstantIsAsWideAsWhatItMeets) {
  EXPECT_THAT(Raised(Chain(), {ConvolutionInputs::kAllUint8, {"flat"}}),
              ElementsAre("factor", "flat", "scaled"));
}

TEST(BitsOfTensors, KindsOfConvolutions) {
  const Network network = Chain();
  EXPECT_THAT(Raised(network, {ConvolutionInputs::kDepthwiseInt16, {}}),
              ElementsAre("pool", "relu"));
  EXPECT_THAT(Raised(network, {ConvolutionInputs::kConv2dInt16, {}}),
              ElementsAre("factor", "flat", "scaled", "x"));
  EXPECT_THAT(Raised(network, {ConvolutionInputs::kDepthwiseInt16, {"flat"}}),
              ElementsAre("factor", "flat", "pool", "relu", "scaled"));
  EXPECT_EQ(Raised(network, {ConvolutionInputs::kAllInt16, {}}).size(), network.tensors.size());
}

TEST(BitsOfTensors, APictureStaysWhatItIs) {
  const Network network = Chain();
  const std::vector<uint32_t> pictures = {network.tensors.at("x")};
  EXPECT_THAT(Raised(network, {ConvolutionInputs::kConv2dInt16, {}}, pictures),
              ElementsAre("factor", "flat", "scaled"));
  EXPECT_THAT(Raised(network, {ConvolutionInputs::kAllUint8, {"x"}}, pictures), ElementsAre());
}

TEST(BitsOfTensors, AWrongNameIsToldWithTheNearest) {
  const auto bits = BitsOfTensors(Chain().graph, {ConvolutionInputs::kAllUint8, {"polo"}}, 8, {});
  EXPECT_EQ(bits.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(bits.status().message(), HasSubstr("'polo'"));
  EXPECT_THAT(bits.status().hint(), HasSubstr("'pool'"));
}

TEST(BitsOfTensors, WhatNoConvolutionReadsIsToldWithThoseAroundIt) {
  const auto bits =
      BitsOfTensors(Chain().graph, {ConvolutionInputs::kAllUint8, {"depthwise"}}, 8, {});
  EXPECT_EQ(bits.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(bits.status().hint(), HasSubstr("'pool', 'flat'"));
  const auto first = BitsOfTensors(Chain().graph, {ConvolutionInputs::kAllUint8, {"relu"}}, 8, {});
  EXPECT_THAT(first.status().hint(), HasSubstr("'x', 'pool'"));
}

TEST(RaisableTensors, AreWhatConvolutionsRead) {
  const Network network = Chain();
  std::vector<std::string> names;
  for (const uint32_t tensor : RaisableTensors(network.graph, {network.tensors.at("x")})) {
    names.push_back(network.graph.tensors[tensor].name);
  }
  EXPECT_THAT(names, ElementsAre("pool", "flat"));
}

TEST(ConvolutionInputs, HaveTheFilesNames) {
  EXPECT_EQ(*ConvolutionInputsFromName("CONV2D_INT16"), ConvolutionInputs::kConv2dInt16);
  const auto wrong = ConvolutionInputsFromName("ALL_INT8");
  EXPECT_THAT(wrong.status().message(), HasSubstr("ALL_INT16"));
}

// The face detector with one part of it raised after the other.
class MixedNetworkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto file = ReadFile(testing::TestDataPath("models/face_detection_short_range.tflite"),
                               uint64_t{1} << 30U);
    ASSERT_TRUE(file.ok());
    auto graph = ImportTflite(*file, "face");
    ASSERT_TRUE(graph.ok()) << graph.status().ToString();
    graph_ = std::make_shared<const Graph>(std::move(*graph));
    const auto pixels =
        ReadFile(testing::TestDataPath("blazeface_astronaut_128.rgb"), uint64_t{1} << 20U);
    ASSERT_TRUE(pixels.ok());
    pixels_.assign(pixels->span().begin(), pixels->span().end());
    for (const int16_t pixel : pixels_) {
      real_.push_back((static_cast<float>(pixel) - 128) / 127.5F);
    }
    auto calibrator = Calibrator::Create(graph_);
    ASSERT_TRUE(calibrator.ok());
    ASSERT_TRUE(calibrator->Add(std::vector<std::vector<float>>{real_}).ok());
    ranges_ = calibrator->ranges();
  }

  FixedModel Quantize(const Precision& precision) const {
    QuantizeOptions options;
    options.pictures = {PictureInput{}};
    options.precision = precision;
    Result<FixedModel> fixed = QuantizeFromFloat(*graph_, ranges_, options);
    EXPECT_TRUE(fixed.ok()) << fixed.status().ToString();
    return fixed.ok() ? *fixed : FixedModel();
  }

  // Σ|d| / Σ|r| of each output against float.
  std::vector<double> Errors(const FixedModel& fixed) const {
    auto executor = FloatExecutor::Create(graph_);
    EXPECT_TRUE(executor.ok());
    const auto real = (*executor)->Run(std::vector<std::vector<float>>{real_});
    EXPECT_TRUE(real.ok());
    const auto stored = RunFixed(fixed, {pixels_});
    std::vector<double> errors;
    for (size_t i = 0; i < stored.size(); ++i) {
      const std::vector<double> values =
          testing::Dequantize(fixed.tensors[fixed.outputs[i]], stored[i]);
      double difference = 0;
      double size = 0;
      for (size_t k = 0; k < values.size(); ++k) {
        const auto reference = static_cast<double>((*real)[i][k]);
        difference += std::fabs(values[k] - reference);
        size += std::fabs(reference);
      }
      errors.push_back(difference / size);
    }
    return errors;
  }

  std::shared_ptr<const Graph> graph_;
  std::vector<int16_t> pixels_;
  std::vector<float> real_;
  CalibrationRanges ranges_;
};

TEST_F(MixedNetworkTest, BothKernelSetsComputeTheSame) {
  for (const Precision& precision : {Precision{ConvolutionInputs::kConv2dInt16, {}},
                                     Precision{ConvolutionInputs::kDepthwiseInt16, {}},
                                     Precision{ConvolutionInputs::kAllInt16, {}}}) {
    const FixedModel fixed = Quantize(precision);
    const auto expected = RunFixed(fixed, {pixels_});
    auto fast = FastExecutor::Create(std::make_shared<const FixedModel>(fixed), {});
    ASSERT_TRUE(fast.ok()) << fast.status().ToString();
    std::vector<std::vector<int16_t>> stored;
    for (const std::vector<int16_t>& output : expected) {
      stored.emplace_back(output.size());
    }
    const std::vector<std::span<const int16_t>> from = {pixels_};
    const std::vector<std::span<int16_t>> to(stored.begin(), stored.end());
    ASSERT_TRUE((*fast)->Run(from, to).ok());
    EXPECT_EQ(stored, expected);
  }
}

TEST_F(MixedNetworkTest, AllInt16IsTheSameAsSixteenBits) {
  QuantizeOptions options;
  options.pictures = {PictureInput{}};
  options.bits = 16;
  const Result<FixedModel> wide = QuantizeFromFloat(*graph_, ranges_, options);
  ASSERT_TRUE(wide.ok());
  const FixedModel all = Quantize({ConvolutionInputs::kAllInt16, {}});
  ASSERT_EQ(all.tensors.size(), wide->tensors.size());
  for (size_t i = 0; i < all.tensors.size(); ++i) {
    EXPECT_EQ(all.tensors[i].element_type, wide->tensors[i].element_type);
    EXPECT_EQ(all.tensors[i].scale, wide->tensors[i].scale);
  }
  EXPECT_EQ(RunFixed(all, {pixels_}), RunFixed(*wide, {pixels_}));
}

// Nothing is promised of parts: with one picture an 8-bit tensor's errors may cancel another's.
TEST_F(MixedNetworkTest, AllInt16IsCloserToFloatAtEveryOutput) {
  const std::vector<double> none = Errors(Quantize({}));
  const std::vector<double> all = Errors(Quantize({ConvolutionInputs::kAllInt16, {}}));
  ASSERT_EQ(none.size(), 2U);
  for (size_t i = 0; i < none.size(); ++i) {
    RecordProperty("rel_l1_" + std::to_string(i),
                   std::to_string(none[i]) + " " + std::to_string(all[i]));
    EXPECT_LT(all[i], none[i]);
  }
}

}  // namespace
}  // namespace plumb::npu
