#include "common/explain/difference.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace plumb::explain {
namespace {

constexpr double kFloatRounding = 1e-6;
constexpr double kFloorShare = 2.5e-7;
constexpr size_t kSamples = 512;

size_t CountOf(std::span<const uint8_t> bytes, ElementType type) {
  return bytes.size() / ElementSize(type);
}

// What the largest numbers' rounding leaves of small ones.
double FloorOf(std::span<const uint8_t> target, ElementType type) {
  double largest = 0;
  for (size_t i = 0; type == ElementType::kFloat32 && i < CountOf(target, type); ++i) {
    const double value = std::abs(ElementAt(target, type, i));
    largest = std::isfinite(value) ? std::max(largest, value) : largest;
  }
  return kFloorShare * largest;
}

}  // namespace

ElementType ElementOf(npu::InputFormat format) {
  switch (format) {
    case npu::InputFormat::kRawS16Nhwc:
      return ElementType::kInt16;
    case npu::InputFormat::kRawF32Nhwc:
    case npu::InputFormat::kComplex64:
      return ElementType::kFloat32;
    default:
      return ElementType::kUint8;
  }
}

double ElementAt(std::span<const uint8_t> bytes, ElementType type, size_t index) {
  const size_t size = ElementSize(type);
  uint32_t bits = 0;
  for (size_t i = 0; i < size; ++i) {
    bits |= uint32_t{bytes[index * size + i]} << (8 * i);
  }
  switch (type) {
    case ElementType::kInt16:
      return static_cast<int16_t>(static_cast<uint16_t>(bits));
    case ElementType::kFloat32:
      return static_cast<double>(std::bit_cast<float>(bits));
    default:
      return bits;
  }
}

bool Differs(double r, double t, ElementType type, double floor) {
  if (type != ElementType::kFloat32) {
    return r != t;
  }
  if (std::isnan(r) || std::isnan(t)) {
    return std::isnan(r) != std::isnan(t);
  }
  const double near = kFloatRounding * std::max(std::abs(r), std::abs(t));
  return r != t && !(std::abs(r - t) <= std::max(near, floor));
}

Difference Measure(std::span<const uint8_t> reference,
                   std::span<const uint8_t> target,
                   ElementType type) {
  const size_t common = std::min(CountOf(reference, type), CountOf(target, type));
  Difference difference;
  difference.count = std::max(CountOf(reference, type), CountOf(target, type));
  difference.differing = difference.count - common;
  const double floor = FloorOf(target, type);
  double sum = 0;
  for (size_t i = 0; i < common; ++i) {
    const double r = ElementAt(reference, type, i);
    const double t = ElementAt(target, type, i);
    if (!Differs(r, t, type, floor)) {
      continue;
    }
    ++difference.differing;
    const double distance = std::abs(t - r);
    if (std::isfinite(distance)) {
      difference.largest = std::max(difference.largest, distance);
      sum += distance;
    }
  }
  difference.mean = common == 0 ? 0 : sum / static_cast<double>(common);
  return difference;
}

bool SurelyDifferent(std::span<const uint8_t> candidate,
                     std::span<const uint8_t> target,
                     ElementType type) {
  if (candidate.size() != target.size()) {
    return true;
  }
  const size_t count = CountOf(target, type);
  const size_t samples = std::min(count, kSamples);
  size_t far = 0;
  for (size_t k = 0; k < samples; ++k) {
    const size_t index = count <= kSamples ? k : k * size_t{0x9E3779B1} % count;
    const double r = ElementAt(candidate, type, index);
    const double t = ElementAt(target, type, index);
    far += Differs(r, t, type, 0) ? 1 : 0;
  }
  return far * 20 > samples;
}

std::array<uint64_t, 19> HistogramOf(std::span<const uint8_t> reference,
                                     std::span<const uint8_t> target,
                                     ElementType type) {
  std::array<uint64_t, 19> histogram{};
  if (type == ElementType::kFloat32) {
    return histogram;
  }
  const size_t common = std::min(CountOf(reference, type), CountOf(target, type));
  for (size_t i = 0; i < common; ++i) {
    const double step = ElementAt(target, type, i) - ElementAt(reference, type, i);
    histogram.at(static_cast<size_t>(std::clamp(step, -9.0, 9.0) + 9))++;
  }
  return histogram;
}

}  // namespace plumb::explain
