#include "common/layers/profile.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace plumb::layers {
namespace {

constexpr size_t kBlock = 2048;
constexpr int kExponents = 256;
constexpr int kBias = 127;
constexpr uint32_t kSignBit = 1U << 31U;
constexpr uint32_t kExponentBits = 0xFFU << 23U;
// Counting into one place again and again waits for the last time to be stored: neighbours count
// into different tables. Element i always counts into table i mod kTables.
constexpr size_t kTables = 4;

// A float without the lower 22 bits of its mantissa: sign, exponent, half octave.
constexpr size_t kPlaces = size_t{2} * 2 * kExponents;
using Counts = std::array<uint64_t, kPlaces>;
using Sums = std::array<double, kExponents>;

size_t PlaceOf(uint32_t bits) {
  return bits >> 22U;
}

struct Table {
  Counts reference{};
  Counts target{};
  Counts error{};
  Sums error_of{};  // Σ|d| by the reference's exponent

  void Add(float r, float t, float d) {
    const auto r_bits = std::bit_cast<uint32_t>(r);
    ++reference[PlaceOf(r_bits)];
    ++target[PlaceOf(std::bit_cast<uint32_t>(t))];
    ++error[PlaceOf(std::bit_cast<uint32_t>(d))];
    error_of[(r_bits >> 23U) % kExponents] += double{std::abs(d)};
  }
};

int HighestExponent(const Counts& counts) {
  for (int exponent = kExponents - 1; exponent > 0; --exponent) {
    const auto at = static_cast<size_t>(exponent) * 2;
    const size_t negative = at + kPlaces / 2;
    if (counts[at] + counts[at + 1] + counts[negative] + counts[negative + 1] > 0) {
      return exponent;
    }
  }
  return 0;
}

SignedHistogram HistogramOf(const Counts& counts, int highest) {
  SignedHistogram histogram;
  histogram.top = highest + 1 - kBias;
  const int lowest = std::max(1, highest + 1 - SignedHistogram::kOctaves);
  constexpr int kMiddle = SignedHistogram::kPerSide;
  for (size_t place = 0; place < kPlaces; ++place) {
    if (counts[place] == 0) {
      continue;
    }
    const bool negative = place >= kPlaces / 2;
    const auto half = static_cast<int>(place % (kPlaces / 2));
    // Above the smallest bin of its side, which is number 0.
    const int above = half - 2 * (highest + 1 - SignedHistogram::kOctaves);
    const int from_middle = half / 2 >= lowest ? above + 1 : 0;
    const int bin = negative ? kMiddle - from_middle : kMiddle + from_middle;
    histogram.counts.at(static_cast<size_t>(bin)) += counts[place];
  }
  return histogram;
}

uint64_t Product(const Shape& shape, size_t from, size_t to) {
  uint64_t product = 1;
  for (size_t axis = from; axis < to; ++axis) {
    product *= static_cast<uint64_t>(shape[axis]);
  }
  return product;
}

}  // namespace

std::optional<QuantRange> QuantRangeOf(double scale, int64_t zero_point, int bits, bool is_signed) {
  if (!(scale > 0) || !std::isfinite(scale) || (bits != 8 && bits != 16)) {
    return std::nullopt;
  }
  const double steps = bits == 8 ? 256 : 65536;
  const double first = is_signed ? -steps / 2 : 0;
  const auto zero = static_cast<double>(zero_point);
  return QuantRange{
      scale, zero_point, bits, (first - zero) * scale, (first + steps - 1 - zero) * scale};
}

struct ProfileBuilder::State {
  std::array<Table, kTables> tables;
  std::optional<QuantRange> range;
  double slack = 0;  // around the range's ends
  uint64_t next = 0;
  LayerProfile profile;
  uint64_t channels = 0;
  uint64_t channel_stride = 1;
  std::vector<double> channel_error;  // Σ|d|
  std::vector<double> channel_size;   // Σ|r|
  std::array<float, kBlock> differences{};
  std::array<float, kBlock> errors{};  // |d|
  std::array<float, kBlock> sizes{};   // |r|

  template <class T>
  void Add(std::span<const T> r, std::span<const T> t);
  template <class T>
  bool FillDifferences(std::span<const T> r, std::span<const T> t);
  template <class T>
  void Count(std::span<const T> r, std::span<const T> t);
  template <class T>
  void CountRange(std::span<const T> r, std::span<const T> t);
  void AddChannels(size_t size);
  void AddRun(uint64_t channel, size_t from, size_t to);
  void FinishMagnitudes(const Counts& counts, LayerProfile& done) const;
  void FinishChannels(LayerProfile& done) const;
};

// Plain loops over plain arrays, which compilers turn into vector instructions.
template <class T>
bool ProfileBuilder::State::FillDifferences(std::span<const T> r, std::span<const T> t) {
  const T* const r_data = r.data();
  const T* const t_data = t.data();
  float* const d_data = differences.data();
  float* const e_data = errors.data();
  float* const s_data = sizes.data();
  const size_t size = r.size();
  uint32_t broken = 0;
  for (size_t i = 0; i < size; ++i) {
    const auto d = static_cast<float>(t_data[i] - r_data[i]);
    d_data[i] = d;
    e_data[i] = std::abs(d);
    s_data[i] = std::abs(static_cast<float>(r_data[i]));
    // The highest exponent is that of Inf and NaN.
    broken |= (std::bit_cast<uint32_t>(d) & kExponentBits) + (1U << 23U);
  }
  return (broken & kSignBit) != 0;
}

template <class T>
void ProfileBuilder::State::Count(std::span<const T> r, std::span<const T> t) {
  const bool broken = FillDifferences(r, t);
  const size_t size = r.size();
  const T* const r_data = r.data();
  const T* const t_data = t.data();
  const float* const d_data = differences.data();
  const auto add = [&](Table& table, size_t i) {
    table.Add(static_cast<float>(r_data[i]), static_cast<float>(t_data[i]), d_data[i]);
  };
  const auto table_of = [this](size_t i) -> Table& { return tables[(next + i) % kTables]; };
  size_t i = 0;
  if (!broken) {
    static_assert(kTables == 4);
    Table& first = table_of(0);
    Table& second = table_of(1);
    Table& third = table_of(2);
    Table& fourth = table_of(3);
    for (; i + kTables <= size; i += kTables) {
      add(first, i);
      add(second, i + 1);
      add(third, i + 2);
      add(fourth, i + 3);
    }
  }
  for (; i < size; ++i) {
    if ((std::bit_cast<uint32_t>(d_data[i]) & kExponentBits) != kExponentBits) {
      add(table_of(i), i);
    } else {
      errors.at(i) = 0;  // one of them is no number, or they are too far apart for a float
      sizes.at(i) = 0;
    }
  }
}

template <class T>
void ProfileBuilder::State::CountRange(std::span<const T> r, std::span<const T> t) {
  const auto low_end = static_cast<T>(range->low + slack);
  const auto high_end = static_cast<T>(range->high - slack);
  const auto below = static_cast<T>(range->low - slack);
  const auto above = static_cast<T>(range->high + slack);
  const T* const r_data = r.data();
  const T* const t_data = t.data();
  std::array<uint32_t, 4> counts{};
  for (size_t i = 0; i < r.size(); ++i) {
    counts[0] += r_data[i] < below ? 1U : 0U;
    counts[1] += r_data[i] > above ? 1U : 0U;
    counts[2] += t_data[i] <= low_end ? 1U : 0U;
    counts[3] += t_data[i] >= high_end ? 1U : 0U;
  }
  profile.below_range += counts[0];
  profile.above_range += counts[1];
  profile.at_low += counts[2];
  profile.at_high += counts[3];
}

// Elements of one channel that lie side by side.
void ProfileBuilder::State::AddRun(uint64_t channel, size_t from, size_t to) {
  double e = channel_error[channel];
  double s = channel_size[channel];
  for (size_t i = from; i < to; ++i) {
    e += double{errors[i]};
    s += double{sizes[i]};
  }
  channel_error[channel] = e;
  channel_size[channel] = s;
}

void ProfileBuilder::State::AddChannels(size_t size) {
  size_t i = 0;
  if (channel_stride > 1) {
    while (i < size) {
      const uint64_t index = next + i;
      const size_t run = std::min<uint64_t>(size - i, channel_stride - index % channel_stride);
      AddRun(index / channel_stride % channels, i, i + run);
      i += run;
    }
    return;
  }
  while (i < size) {
    const auto channel = static_cast<size_t>((next + i) % channels);
    const size_t run = std::min<size_t>(size - i, channels - channel);
    double* const e = channel_error.data() + channel;
    double* const s = channel_size.data() + channel;
    const float* const e_data = errors.data() + i;
    const float* const s_data = sizes.data() + i;
    for (size_t k = 0; k < run; ++k) {
      e[k] += double{e_data[k]};
    }
    for (size_t k = 0; k < run; ++k) {
      s[k] += double{s_data[k]};
    }
    i += run;
  }
}

template <class T>
void ProfileBuilder::State::Add(std::span<const T> r, std::span<const T> t) {
  for (size_t first = 0; first < r.size(); first += kBlock) {
    const size_t size = std::min(kBlock, r.size() - first);
    const auto r_part = r.subspan(first, size);
    const auto t_part = t.subspan(first, size);
    Count(r_part, t_part);
    if (range) {
      CountRange(r_part, t_part);
    }
    if (channels > 0) {
      AddChannels(size);
    }
    next += size;
  }
}

// Octaves of the reference; what is below the histogram's reach is one bin.
void ProfileBuilder::State::FinishMagnitudes(const Counts& counts, LayerProfile& done) const {
  const int highest = HighestExponent(counts);
  const int lowest = std::max(1, highest + 1 - SignedHistogram::kOctaves);
  MagnitudeBin small;
  small.to = std::ldexp(1.0, lowest - kBias);
  double small_error = 0;
  for (int exponent = 0; exponent <= highest; ++exponent) {
    const auto at = static_cast<size_t>(exponent) * 2;
    const size_t negative = at + kPlaces / 2;
    const uint64_t count = counts[at] + counts[at + 1] + counts[negative] + counts[negative + 1];
    double sum = 0;
    for (const Table& table : tables) {
      sum += table.error_of[static_cast<size_t>(exponent)];
    }
    if (exponent < lowest) {
      small.count += count;
      small_error += sum;
    } else if (count > 0) {
      done.by_magnitude.push_back({std::ldexp(1.0, exponent - kBias),
                                   std::ldexp(1.0, exponent + 1 - kBias),
                                   count,
                                   sum / static_cast<double>(count)});
    }
  }
  if (small.count > 0) {
    small.mean_error = small_error / static_cast<double>(small.count);
    done.by_magnitude.insert(done.by_magnitude.begin(), small);
  }
}

void ProfileBuilder::State::FinishChannels(LayerProfile& done) const {
  double all_error = 0;
  double all_size = 0;
  for (size_t channel = 0; channel < channels; ++channel) {
    all_error += channel_error[channel];
    all_size += channel_size[channel];
  }
  done.channels = channels;
  if (all_error <= 0 || all_size <= 0) {
    return;
  }
  const double quiet = kQuietChannel * all_size / static_cast<double>(channels);
  for (size_t channel = 0; channel < channels; ++channel) {
    const double size = channel_size[channel];
    const double share = channel_error[channel] / all_error;
    const ChannelError found{channel, size > 0 ? channel_error[channel] / size : 0, share};
    if (size > quiet && (!done.worst || found.relative_l1 > done.worst->relative_l1)) {
      done.worst = found;
    }
    if (size > 0 && (!done.heaviest || share > done.heaviest->share)) {
      done.heaviest = found;
    }
  }
}

ProfileBuilder::ProfileBuilder(const Shape& shape,
                               size_t channel_axis,
                               const std::optional<QuantRange>& range)
    : state_(std::make_unique<State>()) {
  state_->range = range;
  if (range) {
    // A dump's header gives the scale in six decimals, which is off by more than half a step at the
    // ends of 16 bits.
    const double furthest = std::max(std::abs(range->low), std::abs(range->high)) / range->scale;
    state_->slack = range->scale / 2 + 5e-7 * furthest;
  }
  const auto count = shape.element_count();
  if (!count || *count == 0 || channel_axis >= shape.rank()) {
    return;
  }
  const auto channels = static_cast<uint64_t>(shape[channel_axis]);
  if (channels > 1 && channels <= kMaxChannels && *count / channels > 1) {
    state_->channels = channels;
    state_->channel_stride = Product(shape, channel_axis + 1, shape.rank());
    state_->channel_error.resize(channels);
    state_->channel_size.resize(channels);
  }
}

ProfileBuilder::~ProfileBuilder() = default;
ProfileBuilder::ProfileBuilder(ProfileBuilder&&) noexcept = default;
ProfileBuilder& ProfileBuilder::operator=(ProfileBuilder&&) noexcept = default;

void ProfileBuilder::Add(std::span<const float> reference, std::span<const float> target) {
  state_->Add(reference, target);
}

void ProfileBuilder::Add(std::span<const double> reference, std::span<const double> target) {
  state_->Add(reference, target);
}

LayerProfile ProfileBuilder::Finish() const {
  LayerProfile done = state_->profile;
  Counts reference{};
  Counts target{};
  Counts error{};
  for (const Table& table : state_->tables) {
    for (size_t place = 0; place < kPlaces; ++place) {
      reference[place] += table.reference[place];
      target[place] += table.target[place];
      error[place] += table.error[place];
    }
  }
  for (const uint64_t count : reference) {
    done.count += count;
  }
  const int highest = std::max(HighestExponent(reference), HighestExponent(target));
  done.reference = HistogramOf(reference, highest);
  done.target = HistogramOf(target, highest);
  done.error = HistogramOf(error, HighestExponent(error));
  state_->FinishMagnitudes(reference, done);
  state_->FinishChannels(done);
  return done;
}

}  // namespace plumb::layers
