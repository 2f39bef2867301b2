// oracle-layers OUT: an int8 TFLite network that gives one picture to one operation of each kind
// that TFLite has in int8, and whose outputs are theirs. tools/oracle/make-goldens runs it in the
// official runtime.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/npu/quantize/calibration.h"
#include "common/npu/quantize/quantize.h"
#include "tests/oracle/export_tflite.h"
#include "tests/oracle/int8_graph.h"
#include "tests/support/graph_builder.h"

namespace plumb::testing {
namespace {

using npu::Activation;
using npu::OpKind;

constexpr int64_t kSide = 8;
constexpr int64_t kDepth = 8;
const Shape kPicture = {1, kSide, kSide, kDepth};
const Shape kHalved = {1, kSide / 2, kSide / 2, kDepth};

// Values in [low, high) without a pattern.
std::vector<float> Spread(size_t count, uint32_t seed, float low = -4, float high = 4) {
  std::vector<float> values(count);
  for (float& value : values) {
    seed = seed * 1664525U + 1013904223U;
    const float share = static_cast<float>(seed >> 8) / static_cast<float>(1U << 24);
    value = low + (high - low) * share;
  }
  return values;
}

npu::WindowAttributes Same(int32_t kernel, int32_t stride, int32_t before, int32_t after) {
  npu::WindowAttributes window = Window(kernel, kernel);
  window.stride_height = window.stride_width = stride;
  window.pad_top = window.pad_left = before;
  window.pad_bottom = window.pad_right = after;
  return window;
}

using Build = uint32_t (*)(GraphBuilder& b, uint32_t x);

struct Case {
  const char* name;
  Build build;
};

template <OpKind kKind>
uint32_t Unary(GraphBuilder& b, uint32_t x) {
  return b.Op(kKind, {x}, kPicture);
}

uint32_t Conv(GraphBuilder& b, uint32_t x) {
  const uint32_t w = b.Constant({kDepth, 3, 3, kDepth}, Spread(9 * kDepth * kDepth, 2));
  const uint32_t bias = b.Constant({kDepth}, Spread(kDepth, 3));
  return b.Op(OpKind::kConv2d, {x, w, bias}, kHalved, Same(3, 2, 0, 1), Activation::kRelu6);
}

uint32_t Depthwise(GraphBuilder& b, uint32_t x) {
  const uint32_t w = b.Constant({1, 3, 3, kDepth}, Spread(9 * kDepth, 4));
  const uint32_t bias = b.Constant({kDepth}, Spread(kDepth, 5));
  return b.Op(OpKind::kDepthwiseConv2d, {x, w, bias}, kPicture, Same(3, 1, 1, 1));
}

uint32_t TransposeConv(GraphBuilder& b, uint32_t x) {
  const uint32_t w = b.Constant({4, 2, 2, kDepth}, Spread(16 * kDepth, 6));
  const uint32_t bias = b.Constant({4}, Spread(4, 7));
  return b.Op(
      OpKind::kTransposeConv2d, {x, w, bias}, {1, 2 * kSide, 2 * kSide, 4}, Same(2, 2, 0, 0));
}

uint32_t FullyConnected(GraphBuilder& b, uint32_t x) {
  const int64_t depth = kSide * kSide * kDepth;
  const uint32_t w = b.Constant({16, depth}, Spread(static_cast<size_t>(16 * depth), 8));
  return b.Op(OpKind::kFullyConnected, {x, w, b.Constant({16}, Spread(16, 9))}, {1, 16});
}

template <OpKind kKind>
uint32_t WithConstant(GraphBuilder& b, uint32_t x) {
  return b.Op(kKind, {x, b.Constant({1, 1, 1, kDepth}, Spread(kDepth, 10))}, kPicture);
}

uint32_t Prelu(GraphBuilder& b, uint32_t x) {
  const uint32_t slopes = b.Constant({1, 1, kDepth}, Spread(kDepth, 11, -0.5F, 0.9F));
  return b.Op(OpKind::kPrelu, {x, slopes}, kPicture);
}

uint32_t LeakyRelu(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kLeakyRelu, {x}, kPicture, npu::LeakyReluAttributes{0.2F});
}

uint32_t Softmax(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kSoftmax, {x}, kPicture, npu::SoftmaxAttributes{1});
}

template <OpKind kKind>
uint32_t Pool(GraphBuilder& b, uint32_t x) {
  return b.Op(kKind, {x}, kHalved, Same(2, 2, 0, 0));
}

template <int32_t kLast>
uint32_t Mean(GraphBuilder& b, uint32_t x) {
  const std::vector<int32_t> axes =
      kLast == 2 ? std::vector<int32_t>{1, 2} : std::vector<int32_t>{kLast};
  const Shape shape = kLast == 2 ? Shape({1, 1, 1, kDepth}) : Shape({1, kSide, kSide, 1});
  return b.Op(OpKind::kMean, {x}, shape, npu::ReduceAttributes{axes, true});
}

uint32_t Concat(GraphBuilder& b, uint32_t x) {
  const uint32_t small = b.Op(OpKind::kLogistic, {x}, kPicture);
  return b.Op(OpKind::kConcat, {x, small}, {1, kSide, kSide, 2 * kDepth}, npu::ConcatAttributes{3});
}

uint32_t Pad(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kPad,
              {x},
              {1, kSide + 1, kSide + 3, kDepth},
              npu::PadAttributes{{0, 1, 2, 0}, {0, 0, 1, 0}});
}

template <OpKind kKind, bool kHalfPixel>
uint32_t Resize(GraphBuilder& b, uint32_t x) {
  return b.Op(kKind, {x}, {1, 2 * kSide, 13, kDepth}, npu::ResizeAttributes{false, kHalfPixel});
}

uint32_t DepthToSpace(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kDepthToSpace,
              {x},
              {1, 2 * kSide, 2 * kSide, kDepth / 4},
              npu::DepthToSpaceAttributes{2});
}

uint32_t Slice(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kStridedSlice,
              {x},
              {1, 3, 4, 2},
              npu::StridedSliceAttributes{{0, 1, 0, 3}, {1, 2, 2, 4}, {1, 3, 4, 2}});
}

uint32_t Transpose(GraphBuilder& b, uint32_t x) {
  return b.Op(OpKind::kTranspose, {x}, kPicture, npu::TransposeAttributes{{0, 3, 1, 2}});
}

constexpr Case kCases[] = {
    {"abs", Unary<OpKind::kAbs>},
    {"add", WithConstant<OpKind::kAdd>},
    {"average_pool_2d", Pool<OpKind::kAveragePool2d>},
    {"concatenation", Concat},
    {"conv_2d", Conv},
    {"depth_to_space", DepthToSpace},
    {"depthwise_conv_2d", Depthwise},
    {"fully_connected", FullyConnected},
    {"hard_swish", Unary<OpKind::kHardSwish>},
    {"leaky_relu", LeakyRelu},
    {"logistic", Unary<OpKind::kLogistic>},
    {"max_pool_2d", Pool<OpKind::kMaxPool2d>},
    {"mean_of_channels", Mean<3>},
    {"mean_of_picture", Mean<2>},
    {"mul", WithConstant<OpKind::kMul>},
    {"pad", Pad},
    {"prelu", Prelu},
    {"relu", Unary<OpKind::kRelu>},
    {"relu6", Unary<OpKind::kRelu6>},
    {"resize_bilinear", Resize<OpKind::kResizeBilinear, false>},
    {"resize_bilinear_half_pixel", Resize<OpKind::kResizeBilinear, true>},
    {"resize_nearest", Resize<OpKind::kResizeNearest, false>},
    {"softmax", Softmax},
    {"strided_slice", Slice},
    {"sub", WithConstant<OpKind::kSub>},
    {"tanh", Unary<OpKind::kTanh>},
    {"transpose", Transpose},
    {"transpose_conv", TransposeConv},
};

npu::Graph MakeNetwork() {
  GraphBuilder builder;
  const uint32_t x = builder.Input(kPicture);
  std::vector<uint32_t> outputs;
  for (const Case& test : kCases) {
    outputs.push_back(test.build(builder, x));
    builder.At(outputs.back()).name = test.name;
  }
  return builder.Build(std::move(outputs));
}

Status Write(const std::string& path) {
  const npu::Graph graph = MakeNetwork();
  PLUMB_ASSIGN_OR_RETURN(npu::Calibrator calibrator,
                         npu::Calibrator::Create(std::make_shared<const npu::Graph>(graph)));
  const std::vector<std::vector<float>> sample = {Spread(kSide * kSide * kDepth, 1)};
  PLUMB_RETURN_IF_ERROR(calibrator.Add(sample));
  PLUMB_ASSIGN_OR_RETURN(const npu::FixedModel fixed,
                         npu::QuantizeFromFloat(graph, calibrator.ranges(), {}));
  PLUMB_ASSIGN_OR_RETURN(const npu::Graph int8, Int8GraphOf(graph, fixed));
  PLUMB_ASSIGN_OR_RETURN(const Buffer file, ExportTflite(int8));
  return WriteFileAtomically(path, file.span());
}

}  // namespace
}  // namespace plumb::testing

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: oracle-layers OUT\n");
    return 2;
  }
  const plumb::Status written = plumb::testing::Write(argv[1]);
  if (!written.ok()) {
    std::fprintf(stderr, "oracle-layers: %s\n", written.ToString().c_str());
    return 2;
  }
  return 0;
}
