#include "tests/support/small_network.h"

#include <algorithm>
#include <array>

#include "common/base/file.h"
#include "tests/common/npu/import/caffe/model.h"
#include "tests/common/npu/import/onnx/model.h"
#include "tests/oracle/export_tflite.h"
#include "tests/support/graph_builder.h"
#include "tests/support/small_model.h"

namespace plumb::test {
namespace {

using npu::NetworkFormat;

constexpr size_t kIn = kSmallChannels;
constexpr size_t kOut = kSmallScores;
constexpr std::array<std::array<int, kIn>, kOut> kWeights = {
    {{1, 2, 3}, {-1, 0, 2}, {4, -3, 1}, {0, 1, 1}, {-2, -2, -1}}};
constexpr std::array<int, kOut> kBias = {0, 2, -7, 10, 1};
constexpr int kGray = 128;

std::vector<float> Weights() {
  std::vector<float> values;
  for (const auto& row : kWeights) {
    values.insert(values.end(), row.begin(), row.end());
  }
  return values;
}

std::vector<float> Bias() {
  return {kBias.begin(), kBias.end()};
}

// [pixel][channel] to the framework's order.
std::vector<float> Ordered(NetworkFormat format, std::vector<float> values, size_t channels) {
  if (format == NetworkFormat::kTflite) {
    return values;
  }
  const size_t pixels = values.size() / channels;
  std::vector<float> planes(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    planes[i % channels * pixels + i / channels] = values[i];
  }
  return planes;
}

std::vector<float> Scores(const std::vector<uint8_t>& picture) {
  std::vector<float> scores;
  for (size_t pixel = 0; pixel < picture.size() / kIn; ++pixel) {
    for (size_t c = 0; c < kOut; ++c) {
      int sum = kBias.at(c);
      for (size_t k = 0; k < kIn; ++k) {
        sum += (picture.at(pixel * kIn + k) - kGray) * kWeights.at(c).at(k);
      }
      scores.push_back(static_cast<float>(sum));
    }
  }
  return scores;
}

Buffer Tflite(int rows, int columns) {
  ::plumb::testing::GraphBuilder graph;
  const auto picture = graph.Input(Shape{1, rows, columns, kSmallChannels});
  const auto weights = graph.Constant(Shape{kSmallScores, 1, 1, kSmallChannels}, Weights());
  const auto bias = graph.Constant(Shape{kSmallScores}, Bias());
  const auto scores = graph.Op(npu::OpKind::kConv2d,
                               {picture, weights, bias},
                               Shape{1, rows, columns, kSmallScores},
                               npu::WindowAttributes{});
  const auto peak = graph.Op(npu::OpKind::kReduceMax,
                             {scores},
                             Shape{1, kSmallScores},
                             npu::ReduceAttributes{{1, 2}, false});
  graph.At(picture).name = "picture";
  graph.At(scores).name = "scores";
  graph.At(peak).name = "peak";
  return ::plumb::testing::ExportTflite(graph.Build({scores, peak})).value();
}

Buffer Onnx(int rows, int columns) {
  ::plumb::testing::OnnxModel model;
  model.Input("picture", {1, kSmallChannels, rows, columns})
      .Floats("weights", {kSmallScores, kSmallChannels, 1, 1}, Weights())
      .Floats("bias", {kSmallScores}, Bias())
      .Node("Conv", {"picture", "weights", "bias"}, {"scores"})
      .Node("GlobalMaxPool", {"scores"}, {"peak"})
      .Output("scores")
      .Output("peak");
  return model.File();
}

// Caffe's outputs are what no layer reads, so that peak reads a second convolution of the same
// kind.
std::string Prototxt(int rows, int columns) {
  return R"(name: "small"
input: "picture"
input_shape { dim: 1 dim: 3 dim: )" +
         std::to_string(rows) + " dim: " + std::to_string(columns) + R"( }
layer { name: "scores" type: "Convolution" bottom: "picture" top: "scores"
  convolution_param { num_output: 5 kernel_size: 1 } }
layer { name: "again" type: "Convolution" bottom: "picture" top: "again"
  convolution_param { num_output: 5 kernel_size: 1 } }
layer { name: "peak" type: "Pooling" bottom: "again" top: "peak"
  pooling_param { pool: MAX global_pooling: true } }
)";
}

void Write(const std::filesystem::path& path, const Buffer& bytes) {
  if (!WriteFileAtomically(path, bytes.span()).ok()) {
    std::abort();
  }
}

}  // namespace

std::filesystem::path WriteSmallNetwork(NetworkFormat format,
                                        int rows,
                                        int columns,
                                        const std::filesystem::path& folder) {
  if (format == NetworkFormat::kTflite) {
    Write(folder / "small.tflite", Tflite(rows, columns));
    return folder / "small.tflite";
  }
  if (format == NetworkFormat::kOnnx) {
    Write(folder / "small.onnx", Onnx(rows, columns));
    return folder / "small.onnx";
  }
  ::plumb::testing::CaffeWeights weights;
  for (const char* layer : {"scores", "again"}) {
    weights.Layer(layer,
                  {{{kSmallScores, kSmallChannels, 1, 1}, Weights()}, {{kSmallScores}, Bias()}});
  }
  Write(folder / "small.prototxt", ::plumb::testing::TextFile(Prototxt(rows, columns)));
  Write(folder / "small.caffemodel", weights.File());
  return folder / "small.caffemodel";
}

std::vector<float> SmallNetworkInput(NetworkFormat format, const std::vector<uint8_t>& picture) {
  std::vector<float> values;
  for (const uint8_t pixel : picture) {
    values.push_back(static_cast<float>(pixel - kGray));
  }
  // What is no whole picture is for tests of refusals: any order will do.
  return values.size() % kIn == 0 ? Ordered(format, std::move(values), kIn) : values;
}

std::vector<float> SmallNetworkScores(NetworkFormat format, const std::vector<uint8_t>& picture) {
  return Ordered(format, Scores(picture), kOut);
}

std::vector<float> SmallNetworkPeak(const std::vector<uint8_t>& picture) {
  const std::vector<float> scores = Scores(picture);
  std::vector<float> peak(scores.begin(), scores.begin() + kOut);
  for (size_t i = 0; i < scores.size(); ++i) {
    peak[i % kOut] = std::max(peak[i % kOut], scores[i]);
  }
  return peak;
}

Shape SmallNetworkShape(NetworkFormat format, int rows, int columns) {
  return format == NetworkFormat::kTflite ? Shape{1, rows, columns, kSmallScores}
                                          : Shape{1, kSmallScores, rows, columns};
}

}  // namespace plumb::test
