#include "tests/support/small_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <random>

#include "common/npu/model/compile.h"
#include "common/npu/model/container.h"

namespace plumb::test {
namespace {

constexpr std::array<std::array<int8_t, kSmallChannels>, kSmallScores> kWeights = {
    {{1, 2, 3}, {-1, 0, 2}, {4, -3, 1}, {0, 1, 1}, {-2, -2, -1}}};
constexpr std::array<int64_t, kSmallScores> kBias = {0, 2, -7, 10, 1};
constexpr int kInputZero = 128;
constexpr int kOutputZero = 100;

npu::FixedTensor MakeTensor(const std::string& name, const Shape& shape, double scale, int zero) {
  npu::FixedTensor tensor;
  tensor.name = name;
  tensor.shape = shape;
  tensor.scale = scale;
  tensor.zero_point = zero;
  return tensor;
}

npu::FixedOp MakeConvolution() {
  std::vector<uint8_t> weights;
  npu::Conv2d conv;
  for (size_t channel = 0; channel < kWeights.size(); ++channel) {
    for (const int8_t weight : kWeights.at(channel)) {
      weights.push_back(static_cast<uint8_t>(weight));
    }
    conv.linear.bias.push_back(kBias.at(channel));
    conv.linear.multipliers.push_back({1, 2});
  }
  conv.linear.values = Buffer::FromVector(weights);
  conv.clamp = {0, 255};
  return {"scores", "CONV_2D", {0}, 1, conv};
}

npu::FixedOp MakeMean() {
  npu::Mean mean;
  mean.axes = {1, 2};
  mean.multiplier = {1, 0};
  mean.clamp = {0, 255};
  return {"mean", "MEAN", {1}, 2, mean};
}

int RoundScore(int sum, SmallRounding rounding) {
  const double quotient = sum / 4.0;
  return static_cast<int>(rounding == SmallRounding::kHalfEven ? std::nearbyint(quotient)
                                                               : std::floor(quotient + 0.5));
}

int RoundMean(int sum, size_t pixels, SmallRounding rounding) {
  const double quotient = static_cast<double>(sum) / static_cast<double>(pixels);
  return static_cast<int>(rounding == SmallRounding::kHalfEven ? std::nearbyint(quotient)
                                                               : std::round(quotient));
}

int Clamped(int value) {
  return std::clamp(value, 0 - kOutputZero, 255 - kOutputZero);
}

}  // namespace

npu::FixedModel SmallModel(int rows, int columns) {
  npu::FixedModel model;
  model.name = "small";
  model.tensors.push_back(
      MakeTensor("picture", Shape{1, rows, columns, kSmallChannels}, 1 / 127.5, kInputZero));
  model.tensors.push_back(
      MakeTensor("scores", Shape{1, rows, columns, kSmallScores}, kSmallScoreScale, kOutputZero));
  model.tensors.push_back(
      MakeTensor("mean", Shape{1, kSmallScores}, kSmallScoreScale, kOutputZero));
  model.ops = {MakeConvolution(), MakeMean()};
  npu::ModelInput input;
  input.tensor = 0;
  input.training_format = npu::InputFormat::kRgb;
  input.mean = {127.5, 127.5, 127.5};
  input.std_dev = 127.5;
  model.inputs = {input};
  model.outputs = {1, 2};
  return model;
}

std::vector<uint8_t> SmallModelFile(const SmallModelOptions& options) {
  npu::CompileOptions compile;
  compile.family = options.family;
  compile.input_format = options.input_format;
  compile.dequantize = options.dequantize;
  compile.batch = options.batch;
  compile.one_buf = options.one_buf;
  const auto model = npu::Compile(SmallModel(options.rows, options.columns), compile);
  if (!model.ok()) {
    std::abort();
  }
  return npu::SerializeModel(*model).value();
}

std::vector<uint8_t> SmallPicture() {
  return {128, 129, 128, 130, 128, 132, 138, 118, 128, 255, 200, 0, 131, 131, 140, 90, 126, 127};
}

std::vector<uint8_t> NoisyPicture(int rows, int columns) {
  std::minstd_rand engine(4711);
  std::vector<uint8_t> picture(static_cast<size_t>(rows * columns * kSmallChannels));
  std::generate(
      picture.begin(), picture.end(), [&] { return static_cast<uint8_t>(engine() >> 8); });
  return picture;
}

SmallAnswer SolveSmallModel(const std::vector<uint8_t>& picture, SmallRounding rounding) {
  SmallAnswer answer;
  std::array<int, kSmallScores> sums{};
  const size_t pixels = picture.size() / kSmallChannels;
  for (size_t pixel = 0; pixel < pixels; ++pixel) {
    for (size_t channel = 0; channel < kSmallScores; ++channel) {
      int sum = static_cast<int>(kBias.at(channel));
      for (size_t k = 0; k < kSmallChannels; ++k) {
        const int value = picture.at(pixel * kSmallChannels + k);
        sum += (value - kInputZero) * kWeights.at(channel).at(k);
      }
      answer.scores.push_back(Clamped(RoundScore(sum, rounding)));
      sums.at(channel) += answer.scores.back();
    }
  }
  for (const int sum : sums) {
    answer.mean.push_back(Clamped(RoundMean(sum, pixels, rounding)));
  }
  return answer;
}

}  // namespace plumb::test
