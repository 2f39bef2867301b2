// How often a tensor took which values, in bounded memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace plumb::npu {

// Bins of one width lie side by side from zero: bin i holds [i · width, (i + 1) · width). The width
// is a power of two and the smallest for which all values fall into bins −2048 … 2047; a value
// beyond doubles it, which joins neighbours without splitting any. So the histogram is a function
// of the values alone: neither their order nor how they were cut into samples nor the CPU matters.
// 32 KiB. Values must be finite; no bin is narrower than 2^-131.
class Histogram {
 public:
  static constexpr int64_t kSide = 2048;  // bins on each side of zero

  void Add(std::span<const float> values);
  void Merge(const Histogram& other);

  [[nodiscard]] bool empty() const { return counts_.empty(); }

  [[nodiscard]] uint64_t total() const;
  [[nodiscard]] double width() const;

  // Of bin −2048 ≤ `bin` < 2048.
  [[nodiscard]] uint64_t count(int64_t bin) const {
    return counts_.empty() ? 0 : counts_[static_cast<size_t>(bin + kSide)];
  }

  // The smallest and largest value; 0 when empty.
  [[nodiscard]] float low() const { return low_; }

  [[nodiscard]] float high() const { return high_; }

 private:
  void Cover(float low, float high);
  void WidenTo(int exponent);

  std::vector<uint64_t> counts_;  // 2 · kSide, or none yet
  int exponent_ = 0;              // width = 2^exponent_
  float low_ = 0;
  float high_ = 0;
};

}  // namespace plumb::npu
