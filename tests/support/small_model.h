// A network small enough to compute by hand: a 1×1 convolution of 3 into 5 channels, and its mean.
//
//   scores[h,w,c] = round_half_even((Σk (x[h,w,k] − 128) · weight[c][k] + bias[c]) / 4) + 100
//   mean[c]       = round_half_even(Σhw (scores[h,w,c] − 100) / (rows · columns)) + 100
//
// over a picture of 2 rows by 3 columns, or a larger one. Five channels, so that the older families
// pad them to eight; divisions by 4, so that rounding profiles differ.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/npu/model/input_format.h"
#include "common/npu/model/model.h"
#include "common/tensor/family.h"

namespace plumb::test {

constexpr int kSmallRows = 2;
constexpr int kSmallColumns = 3;
constexpr int kSmallChannels = 3;
constexpr int kSmallScores = 5;
constexpr int kSmallPixels = kSmallRows * kSmallColumns;
constexpr double kSmallScoreScale = 0.5;

// Without a chip section.
npu::FixedModel SmallModel(int rows = kSmallRows, int columns = kSmallColumns);

struct SmallModelOptions {
  Family family = Family::kS3;
  std::optional<npu::InputFormat> input_format;  // default RGB
  bool dequantize = false;
  int rows = kSmallRows;
  int columns = kSmallColumns;
  uint32_t batch = 1;
  bool one_buf = false;
};

// The bytes of the compiled offline model.
std::vector<uint8_t> SmallModelFile(const SmallModelOptions& options);

// A 2 × 3 picture with as many rounding ties as the weights allow.
std::vector<uint8_t> SmallPicture();
// Any size, without a pattern.
std::vector<uint8_t> NoisyPicture(int rows, int columns);

// The profile half_away rounds the scores' ties up and the mean's away from zero.
enum class SmallRounding { kHalfEven, kHalfAway };

// scores − 100 and mean − 100 of a picture (RGB, any size), by plain arithmetic.
struct SmallAnswer {
  std::vector<int> scores;  // [pixel][kSmallScores]
  std::vector<int> mean;    // [kSmallScores]
};

SmallAnswer SolveSmallModel(const std::vector<uint8_t>& picture,
                            SmallRounding rounding = SmallRounding::kHalfEven);

}  // namespace plumb::test
