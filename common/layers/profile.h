// What one layer's values and errors look like: histograms, error against magnitude, the worst
// channel, values against the quantised range (docs/layer-report.md). One pass, a fixed number of
// bins, nothing known beforehand.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/tensor/shape.h"

namespace plumb::layers {

// What an integer type of 8 or 16 bits can hold after dequantising; low < high.
struct QuantRange {
  double scale = 0;
  int64_t zero_point = 0;
  int bits = 8;
  double low = 0;
  double high = 0;

  friend bool operator==(const QuantRange&, const QuantRange&) = default;
};

// Empty for another number of bits or a scale that is no positive number.
std::optional<QuantRange> QuantRangeOf(double scale, int64_t zero_point, int bits, bool is_signed);

// Counts on a scale of powers of two, two bins an octave: bin edges are 2^e and 1.5·2^e for
// top − kOctaves <= e < top. The bin in the middle has what is smaller, zeros included.
struct SignedHistogram {
  static constexpr int kOctaves = 12;
  static constexpr int kPerSide = 2 * kOctaves;
  int top = 0;                                      // all magnitudes are below 2^top
  std::array<uint64_t, 2 * kPerSide + 1> counts{};  // from −2^top to +2^top

  friend bool operator==(const SignedHistogram&, const SignedHistogram&) = default;
};

// Elements whose |reference| is in [from, to).
struct MagnitudeBin {
  double from = 0;
  double to = 0;
  uint64_t count = 0;
  double mean_error = 0;  // of |target − reference|

  friend bool operator==(const MagnitudeBin&, const MagnitudeBin&) = default;
};

struct ChannelError {
  uint64_t index = 0;
  double relative_l1 = 0;  // Σ|d| / Σ|r| of the channel
  double share = 0;        // of the layer's Σ|d|

  friend bool operator==(const ChannelError&, const ChannelError&) = default;
};

struct LayerProfile {
  uint64_t count = 0;         // pairs that are finite on both sides; the others are nowhere below
  SignedHistogram reference;  // both with one top
  SignedHistogram target;
  SignedHistogram error;                   // target − reference
  std::vector<MagnitudeBin> by_magnitude;  // rising octaves without the empty ones
  uint64_t channels = 0;  // 0: the tensor has no channels of two or more elements, or too many
  std::optional<ChannelError> worst;     // highest rel_l1 of those that are not nearly zero
  std::optional<ChannelError> heaviest;  // most of the error
  uint64_t below_range = 0;  // reference beyond the target's range by more than half a step
  uint64_t above_range = 0;
  uint64_t at_low = 0;  // target within half a step of its range's ends
  uint64_t at_high = 0;

  friend bool operator==(const LayerProfile&, const LayerProfile&) = default;
};

// More channels than these are not told apart.
constexpr uint64_t kMaxChannels = 65'536;

// A channel counts as nearly zero below this part of the mean Σ|r| of all.
constexpr double kQuietChannel = 0.01;

// Fed once in the order of the elements; the result depends on the elements alone, not on how they
// were cut. Memory: some 100 KiB, and 16 bytes a channel. Not thread-safe; movable.
class ProfileBuilder {
 public:
  // `channel_axis` is an axis of `shape` or beyond it for a tensor without channels.
  ProfileBuilder(const Shape& shape, size_t channel_axis, const std::optional<QuantRange>& range);
  ~ProfileBuilder();
  ProfileBuilder(ProfileBuilder&&) noexcept;
  ProfileBuilder& operator=(ProfileBuilder&&) noexcept;

  // The next elements; both of one size.
  void Add(std::span<const float> reference, std::span<const float> target);
  void Add(std::span<const double> reference, std::span<const double> target);

  [[nodiscard]] LayerProfile Finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace plumb::layers
