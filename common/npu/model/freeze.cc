#include "common/npu/model/freeze.h"

#include <algorithm>
#include <cmath>

#include "common/base/portable_math.h"

namespace plumb::npu {
namespace {

constexpr int kMantissaBits = 31;
constexpr int kMaxShift = 62;
constexpr double kFactorLimit = 32768;
constexpr double kTapUnit = 2048;

Status CheckFactor(double factor) {
  if (!(factor >= 0) || !(factor < kFactorLimit)) {
    return InvalidArgumentError("a rescaling factor of " + std::to_string(factor) +
                                " cannot be frozen: it must be in [0, 32768)")
        .WithHint("calibrate with data that exercise every layer");
  }
  return OkStatus();
}

// factor × 2^shift rounded; shift chosen so that the mantissa has `bits` bits.
Multiplier Freeze(double factor, int bits) {
  if (factor == 0) {
    return {0, kMantissaBits};
  }
  int exponent = 0;
  std::frexp(factor, &exponent);
  int shift = std::min(bits - exponent, kMaxShift);
  int64_t mantissa = std::llround(std::ldexp(factor, shift));
  if (mantissa == int64_t{1} << bits) {
    mantissa /= 2;
    --shift;
  }
  return {static_cast<int32_t>(mantissa), shift};
}

// Where output position `index` samples the input axis, as TFLite computes it: in float32.
struct AxisSampling {
  float ratio;
  float offset;

  [[nodiscard]] float At(int32_t index) const {
    const auto position = static_cast<float>(index);
    return offset == 0 ? position * ratio : (position + offset) * ratio;
  }
};

AxisSampling SamplingOf(int32_t input_size,
                        int32_t output_size,
                        bool align_corners,
                        bool half_pixel_centers) {
  AxisSampling sampling{static_cast<float>(input_size) / static_cast<float>(output_size),
                        half_pixel_centers ? 0.5F : 0.0F};
  if (align_corners && output_size > 1) {
    sampling.ratio = static_cast<float>(input_size - 1) / static_cast<float>(output_size - 1);
  }
  return sampling;
}

}  // namespace

Result<Multiplier> FreezeMultiplier(double factor) {
  PLUMB_RETURN_IF_ERROR(CheckFactor(factor));
  return Freeze(factor, kMantissaBits);
}

Result<Multiplier> FreezePoolMultiplier(double factor, int64_t max_count) {
  PLUMB_RETURN_IF_ERROR(CheckFactor(factor));
  int count_bits = 1;
  while (count_bits < kMantissaBits && (int64_t{1} << count_bits) <= max_count) {
    ++count_bits;
  }
  // A sum has 16 + count_bits bits, and product and divisor must stay below 2^62.
  Multiplier multiplier = Freeze(factor, std::min(kMantissaBits, kMaxShift - 16 - count_bits));
  while (multiplier.shift > 0 &&
         (multiplier.mantissa % 2 == 0 || multiplier.shift + count_bits >= kMaxShift)) {
    multiplier.mantissa /= 2;
    --multiplier.shift;
  }
  return multiplier;
}

Result<Add> FreezeAdd(double factor_a, double factor_b) {
  PLUMB_RETURN_IF_ERROR(CheckFactor(std::fabs(factor_a)));
  PLUMB_RETURN_IF_ERROR(CheckFactor(std::fabs(factor_b)));
  const Multiplier larger =
      Freeze(std::max(std::fabs(factor_a), std::fabs(factor_b)), kMantissaBits);
  Add add;
  add.shift = larger.shift;
  add.mantissa_a = static_cast<int32_t>(std::llround(std::ldexp(factor_a, larger.shift)));
  add.mantissa_b = static_cast<int32_t>(std::llround(std::ldexp(factor_b, larger.shift)));
  return add;
}

Result<Softmax> FreezeSoftmax(double scale_beta, int bits, double output_scale) {
  if (!(scale_beta > 0) || !std::isfinite(scale_beta) || (bits != 8 && bits != 16)) {
    return InvalidArgumentError("a softmax needs a positive scale and 8 or 16 bits");
  }
  if (!(output_scale > 1e-6) || !(output_scale <= 1)) {
    return InvalidArgumentError("a softmax output scale of " + std::to_string(output_scale) +
                                " is not in (0.000001, 1]");
  }
  const auto entry = [scale_beta](double distance) {
    return static_cast<int32_t>(std::lrint(PortableExp(-distance * scale_beta) * (1 << 30)));
  };
  Softmax softmax;
  if (bits == 16) {
    for (int i = 0; i < 256; ++i) {
      softmax.exp_table.push_back(entry(256.0 * i));
    }
  }
  for (int i = 0; i < 256; ++i) {
    softmax.exp_table.push_back(entry(i));
  }
  softmax.output = Freeze(1 / output_scale, kMantissaBits);
  while (softmax.output.shift > 0 &&
         (softmax.output.mantissa % 2 == 0 || softmax.output.shift > kSoftmaxMaxShift)) {
    softmax.output.mantissa /= 2;
    --softmax.output.shift;
  }
  return softmax;
}

Taps FreezeBilinearTaps(int32_t input_size,
                        int32_t output_size,
                        bool align_corners,
                        bool half_pixel_centers) {
  const AxisSampling sampling =
      SamplingOf(input_size, output_size, align_corners, half_pixel_centers);
  Taps taps;
  for (int32_t i = 0; i < output_size; ++i) {
    const float position = std::max(0.0F, sampling.At(i) - sampling.offset);
    const int32_t lower = std::min(static_cast<int32_t>(position), input_size - 1);
    const double fraction = static_cast<double>(position) - lower;
    taps.lower.push_back(lower);
    taps.upper.push_back(std::min(lower + 1, input_size - 1));
    taps.weight.push_back(static_cast<int32_t>(std::lrint(std::min(1.0, fraction) * kTapUnit)));
  }
  return taps;
}

std::vector<int32_t> FreezeNearestIndices(int32_t input_size,
                                          int32_t output_size,
                                          bool align_corners,
                                          bool half_pixel_centers) {
  const AxisSampling sampling =
      SamplingOf(input_size, output_size, align_corners, half_pixel_centers);
  std::vector<int32_t> indices;
  for (int32_t i = 0; i < output_size; ++i) {
    const float position = sampling.At(i);
    const float chosen = align_corners ? std::round(position) : std::floor(position);
    indices.push_back(std::clamp(static_cast<int32_t>(chosen), 0, input_size - 1));
  }
  return indices;
}

}  // namespace plumb::npu
