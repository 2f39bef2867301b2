// Which part of the values that a tensor took its integers shall cover.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/npu/quantize/histogram.h"

namespace plumb::npu {

enum class CalibrationMethod : uint8_t {
  kMinMax,         // the smallest and the largest value of all samples
  kPercentile,     // without the rarest values
  kKl,             // where the 8-bit distribution tells most of the float one
  kMse,            // where the mean square of the error is least
  kMovingAverage,  // of the samples' own minima and maxima
};

// "minmax", "percentile", "kl", "mse", "moving-average".
std::string_view CalibrationMethodName(CalibrationMethod method);
std::optional<CalibrationMethod> ParseCalibrationMethod(std::string_view name);

constexpr double kDefaultPercentile = 99.99;

// What a new sample weighs in the moving average, low ← low + 0.1 · (its minimum − low), likewise
// high; the first sample weighs 1. The formula is that of PyTorch's MovingAverageMinMaxObserver
// (Jacob et al., "Quantization and Training of Neural Networks", 2018, section 3.1, describe it for
// training); the constant is ours: calibration sees tens of samples, not thousands.
constexpr float kMovingAverageWeight = 0.1F;

struct ValueRange {
  float low = 0;
  float high = 0;
  bool seen = false;  // false: the tensor was never computed

  bool operator==(const ValueRange&) const = default;
};

// All of the following look at bins, so a bound is exact to one bin, and never beyond the smallest
// and largest value. An empty histogram gives a range that is not seen.

// The outer edges of the bins left when (100 − percent) / 2 percent of the values is cut off at
// each end (never more), as ONNX Runtime's percentile calibration does. 50 < percent ≤ 100.
ValueRange PercentileRange(const Histogram& histogram, double percent);

// [−t, t] within the values' own range. S. Migacz, "8-bit Inference with TensorRT" (GTC 2017): of
// all t at a bin's edge the one with the least Kullback-Leibler divergence of P, the histogram of
// |x| up to t with everything beyond counted in the last bin, from Q, the same without what lies
// beyond, averaged within each of 128 equal stretches (256 when no value is negative, because all
// of UINT8 is positive then) over the bins that are not empty. The smallest t of equals.
ValueRange KlRange(const Histogram& histogram);

// α · [low, high], α = 0.20, 0.21 … 1.00, with the least Σ count · (x − dequantised(quantised
// x))², x being the middle of each bin and the quantisation that of 8 bits (scheme.h); the largest
// α of equals. The search is that of ONNX Runtime's and OpenVINO's MSE calibrations.
ValueRange MseRange(const Histogram& histogram);

}  // namespace plumb::npu
