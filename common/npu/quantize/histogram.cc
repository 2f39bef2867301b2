#include "common/npu/quantize/histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace plumb::npu {
namespace {

constexpr int kLeastExponent = -131;

bool Fits(float low, float high, int exponent) {
  constexpr auto kSide = static_cast<double>(Histogram::kSide);
  return std::floor(std::ldexp(static_cast<double>(low), -exponent)) >= -kSide &&
         std::floor(std::ldexp(static_cast<double>(high), -exponent)) < kSide;
}

}  // namespace

uint64_t Histogram::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), uint64_t{0});
}

double Histogram::width() const {
  return std::ldexp(1.0, exponent_);
}

void Histogram::WidenTo(int exponent) {
  while (exponent_ < exponent) {
    ++exponent_;
    std::vector<uint64_t> joined(counts_.size());
    for (int64_t bin = -kSide; bin < kSide; ++bin) {
      joined[static_cast<size_t>((bin >> 1) + kSide)] += count(bin);
    }
    counts_ = std::move(joined);
  }
}

void Histogram::Cover(float low, float high) {
  if (counts_.empty()) {
    counts_.resize(2 * kSide);
    exponent_ = kLeastExponent;
    low_ = low;
    high_ = high;
    while (!Fits(low, high, exponent_)) {
      ++exponent_;
    }
    return;
  }
  low_ = std::min(low_, low);
  high_ = std::max(high_, high);
  int exponent = exponent_;
  while (!Fits(low_, high_, exponent)) {
    ++exponent;
  }
  WidenTo(exponent);
}

void Histogram::Add(std::span<const float> values) {
  if (values.empty()) {
    return;
  }
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  Cover(*low, *high);
  const double per_unit = std::ldexp(1.0, -exponent_);
  for (const float value : values) {
    const auto bin = static_cast<int64_t>(std::floor(static_cast<double>(value) * per_unit));
    ++counts_[static_cast<size_t>(bin + kSide)];
  }
}

void Histogram::Merge(const Histogram& other) {
  if (other.empty()) {
    return;
  }
  Cover(other.low_, other.high_);
  // Never negative: the other's width is the least for its own values.
  const int shift = std::min(exponent_ - other.exponent_, 62);
  for (int64_t bin = -kSide; bin < kSide; ++bin) {
    counts_[static_cast<size_t>((bin >> shift) + kSide)] += other.count(bin);
  }
}

}  // namespace plumb::npu
