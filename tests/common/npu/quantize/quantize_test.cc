#include "common/npu/quantize/quantize.h"

#include <gmock/gmock.h>

#include "tests/common/npu/quantize/run_fixed.h"
#include "tests/support/graph_builder.h"

namespace plumb::npu {
namespace {

using ::plumb::testing::GraphBuilder;
using ::plumb::testing::RunFixed;
using ::plumb::testing::Window;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Picture [1, 2, 2, 3] → PAD → CONV_2D 1x1 → LOGISTIC.
std::shared_ptr<const Graph> PictureNetwork() {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 2, 2, 3});
  const uint32_t padded =
      builder.Op(OpKind::kPad, {x}, {1, 3, 3, 3}, PadAttributes{{0, 1, 0, 0}, {0, 0, 1, 0}});
  const uint32_t w = builder.Constant({1, 1, 1, 3}, {1, 2, 3});
  const uint32_t sum = builder.Op(OpKind::kConv2d, {padded, w}, {1, 3, 3, 1}, Window(1, 1));
  const uint32_t y = builder.Op(OpKind::kLogistic, {sum}, {1, 3, 3, 1});
  return std::make_shared<const Graph>(builder.Build({y}));
}

CalibrationRanges Calibrate(const std::shared_ptr<const Graph>& graph, float value) {
  auto calibrator = Calibrator::Create(graph);
  EXPECT_TRUE(calibrator.ok()) << calibrator.status().ToString();
  const Status added =
      calibrator->Add(std::vector<std::vector<float>>{std::vector<float>(12, value)});
  EXPECT_TRUE(added.ok()) << added.ToString();
  return calibrator->ranges();
}

QuantizeOptions PictureOptions(int bits) {
  QuantizeOptions options;
  options.bits = bits;
  options.pictures = {PictureInput{InputFormat::kBgr, {127.5, 127.5, 127.5}, 64}};
  return options;
}

TEST(Calibrator, WidensOverSamplesAndCountsThem) {
  const auto graph = PictureNetwork();
  auto calibrator = Calibrator::Create(graph);
  ASSERT_TRUE(calibrator.ok()) << calibrator.status().ToString();
  ASSERT_TRUE(calibrator->Add(std::vector<std::vector<float>>{std::vector<float>(12, 1)}).ok());
  ASSERT_TRUE(calibrator->Add(std::vector<std::vector<float>>{std::vector<float>(12, -2)}).ok());
  const CalibrationRanges& ranges = calibrator->ranges();
  EXPECT_EQ(ranges.samples, 2U);
  const ValueRange& sum = ranges.tensors[graph->ops[1].output];
  EXPECT_EQ(sum.low, -12);
  EXPECT_EQ(sum.high, 6);
  EXPECT_TRUE(sum.seen);
}

TEST(Calibrator, ASampleWithNanChangesNothing) {
  const auto graph = PictureNetwork();
  auto calibrator = Calibrator::Create(graph);
  ASSERT_TRUE(calibrator.ok()) << calibrator.status().ToString();
  std::vector<float> broken(12, 1);
  broken[5] = std::nanf("");
  const Status status = calibrator->Add(std::vector<std::vector<float>>{broken});
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(calibrator->ranges().samples, 0U);
  EXPECT_FALSE(calibrator->ranges().tensors[graph->ops[1].output].seen);
}

TEST(QuantizeFromFloat, APictureHoldsPixelsWhateverTheBits) {
  for (const int bits : {8, 16}) {
    const auto graph = PictureNetwork();
    const auto fixed = QuantizeFromFloat(*graph, Calibrate(graph, 0.1F), PictureOptions(bits));
    ASSERT_TRUE(fixed.ok()) << fixed.status().ToString();
    const FixedTensor& input = fixed->tensors[fixed->inputs[0].tensor];
    EXPECT_EQ(input.element_type, ElementType::kUint8);
    EXPECT_EQ(input.scale, 1.0 / 64);
    EXPECT_EQ(input.zero_point, 128);
    EXPECT_EQ(fixed->inputs[0].training_format, InputFormat::kBgr);
    EXPECT_EQ(fixed->inputs[0].std_dev, 64);
    // PAD shares the scheme of its input and pads with real zero.
    const FixedTensor& padded = fixed->tensors[fixed->ops[0].output];
    EXPECT_EQ(padded.scale, input.scale);
    EXPECT_EQ(std::get<Pad>(fixed->ops[0].attributes).value, 128);
  }
}

TEST(QuantizeFromFloat, LogisticHasItsOwnScale) {
  const auto graph = PictureNetwork();
  const CalibrationRanges ranges = Calibrate(graph, 0.1F);
  const auto narrow = QuantizeFromFloat(*graph, ranges, PictureOptions(8));
  ASSERT_TRUE(narrow.ok()) << narrow.status().ToString();
  EXPECT_EQ(narrow->tensors[narrow->outputs[0]].scale, 1.0 / 256);
  EXPECT_EQ(narrow->tensors[narrow->outputs[0]].zero_point, 0);
  const auto wide = QuantizeFromFloat(*graph, ranges, PictureOptions(16));
  ASSERT_TRUE(wide.ok()) << wide.status().ToString();
  EXPECT_EQ(wide->tensors[wide->outputs[0]].scale, 1.0 / 32768);
}

TEST(QuantizeFromFloat, LayersKeepTheirNamesAndKinds) {
  const auto graph = PictureNetwork();
  const auto fixed = QuantizeFromFloat(*graph, Calibrate(graph, 0.1F), PictureOptions(8));
  ASSERT_TRUE(fixed.ok()) << fixed.status().ToString();
  std::vector<std::string> layers;
  for (const FixedOp& op : fixed->ops) {
    layers.push_back(op.source_op + " " + fixed->tensors[op.output].name);
  }
  EXPECT_THAT(layers, ElementsAre("PAD t1", "CONV_2D t3", "LOGISTIC t4"));
}

TEST(QuantizeFromFloat, RefusesOptionsThatDoNotFit) {
  const auto graph = PictureNetwork();
  const CalibrationRanges ranges = Calibrate(graph, 1);
  const auto refuse = [&](const CalibrationRanges& with, const QuantizeOptions& options) {
    return QuantizeFromFloat(*graph, with, options).status();
  };
  EXPECT_EQ(refuse({}, PictureOptions(8)).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(refuse({{}, 1}, PictureOptions(8)).code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(refuse(ranges, PictureOptions(4)).message(), HasSubstr("8 or 16 bits"));
  QuantizeOptions gray = PictureOptions(8);
  gray.pictures[0]->format = InputFormat::kGray;
  EXPECT_THAT(refuse(ranges, gray).message(), HasSubstr("1x2x2x3"));
  QuantizeOptions two = PictureOptions(8);
  two.pictures.emplace_back();
  EXPECT_THAT(refuse(ranges, two).message(), HasSubstr("1 inputs but 2"));
}

GraphQuantization Scheme8(double scale, int64_t zero_point) {
  return {{scale}, {zero_point}, 0};
}

// float → QUANTIZE → int8 FULLY_CONNECTED → DEQUANTIZE → float, as converters leave it.
Graph FileWithFloatEnds() {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 2});
  const uint32_t q = builder.Op(OpKind::kQuantize, {x}, {1, 2});
  const uint32_t w =
      builder.Quantized<int8_t>({2, 2}, ElementType::kInt8, {{0.5, 0.25}, {0, 0}, 0}, {1, 2, 3, 4});
  const uint32_t b = builder.Quantized<int32_t>({2}, ElementType::kInt32, {}, {10, -6});
  const uint32_t h = builder.Op(OpKind::kFullyConnected, {q, w, b}, {1, 2});
  const uint32_t y = builder.Op(OpKind::kDequantize, {h}, {1, 2});
  for (const uint32_t tensor : {q, h}) {
    builder.At(tensor).element_type = ElementType::kInt8;
    builder.At(tensor).quantization = Scheme8(1, tensor == q ? -5 : 3);
  }
  return builder.Build({y});
}

TEST(FixedFromQuantizedGraph, ComputesWithTheFilesIntegers) {
  const auto fixed = FixedFromQuantizedGraph(FileWithFloatEnds());
  ASSERT_TRUE(fixed.ok()) << fixed.status().ToString();
  ASSERT_EQ(fixed->ops.size(), 1U) << "QUANTIZE and DEQUANTIZE at the ends are no layers";
  EXPECT_EQ(fixed->tensors[fixed->inputs[0].tensor].name, "t0");
  EXPECT_EQ(fixed->tensors[fixed->inputs[0].tensor].zero_point, -5);
  EXPECT_EQ(fixed->tensors[fixed->outputs[0]].name, "t5");
  // Stored 5 and 15 are 10 and 20 above the zero point:
  // (10·1 + 20·2 + 10) · 0.5 + 3 = 33 and (10·3 + 20·4 − 6) · 0.25 + 3 = 29.
  EXPECT_THAT(RunFixed(*fixed, {{5, 15}})[0], ElementsAre(33, 29));
}

TEST(FixedFromQuantizedGraph, KeepsThePictureButTheFilesScale) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 2, 2, 1});
  const uint32_t y = builder.Op(OpKind::kMaxPool2d, {x}, {1, 1, 1, 1}, Window(2, 2));
  for (const uint32_t tensor : {x, y}) {
    builder.At(tensor).element_type = ElementType::kInt8;
    builder.At(tensor).quantization = Scheme8(0.125, -1);
  }
  QuantizeOptions options;
  options.pictures = {PictureInput{InputFormat::kGray, {0, 0, 0}, 255}};
  const auto fixed = FixedFromQuantizedGraph(builder.Build({y}), options);
  ASSERT_TRUE(fixed.ok()) << fixed.status().ToString();
  EXPECT_EQ(fixed->inputs[0].training_format, InputFormat::kGray);
  EXPECT_EQ(fixed->tensors[fixed->inputs[0].tensor].scale, 0.125);
  EXPECT_EQ(fixed->tensors[fixed->inputs[0].tensor].zero_point, -1);
}

TEST(FixedFromQuantizedGraph, RefusesFloatLayersInTheMiddle) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 2});
  const uint32_t q = builder.Op(OpKind::kQuantize, {x}, {1, 2});
  const uint32_t r = builder.Op(OpKind::kDequantize, {q}, {1, 2});
  const uint32_t y = builder.Op(OpKind::kTanh, {r}, {1, 2});
  builder.At(q).element_type = ElementType::kInt8;
  builder.At(q).quantization = Scheme8(1, 0);
  const Status status = FixedFromQuantizedGraph(builder.Build({y})).status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(status.message(), HasSubstr("TANH 't3'"));
}

TEST(FixedFromQuantizedGraph, AndCalibrationExcludeEachOther) {
  EXPECT_EQ(FixedFromQuantizedGraph(*PictureNetwork()).status().code(),
            StatusCode::kFailedPrecondition);
  const Graph quantised = FileWithFloatEnds();
  EXPECT_EQ(QuantizeFromFloat(quantised, {}, {}).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Calibrator::Create(std::make_shared<const Graph>(quantised)).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(QuantizeFromFloat, AQuotientThatIsNoSoftmaxIsRefusedWithItsName) {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 12});
  const uint32_t power = builder.Op(OpKind::kExp, {x}, {1, 12});
  const uint32_t sum = builder.Op(OpKind::kSum, {power}, {1, 1}, ReduceAttributes{{1}, true});
  const uint32_t y = builder.Op(OpKind::kDiv, {power, sum}, {1, 12});
  const auto graph = std::make_shared<const Graph>(builder.Build({y}));
  const Status status = QuantizeFromFloat(*graph, Calibrate(graph, 1), {}).status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(status.message(), HasSubstr("DIV"));
  EXPECT_THAT(status.message(), HasSubstr("no fixed-point form"));
}

}  // namespace
}  // namespace plumb::npu
