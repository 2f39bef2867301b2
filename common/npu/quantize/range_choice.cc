#include "common/npu/quantize/range_choice.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "common/base/portable_math.h"
#include "common/npu/quantize/scheme.h"

namespace plumb::npu {
namespace {

constexpr int64_t kSide = Histogram::kSide;

constexpr std::array<std::pair<CalibrationMethod, std::string_view>, 5> kNames = {{
    {CalibrationMethod::kMinMax, "minmax"},
    {CalibrationMethod::kPercentile, "percentile"},
    {CalibrationMethod::kKl, "kl"},
    {CalibrationMethod::kMse, "mse"},
    {CalibrationMethod::kMovingAverage, "moving-average"},
}};

ValueRange WholeRange(const Histogram& histogram) {
  return {histogram.low(), histogram.high(), !histogram.empty()};
}

ValueRange Within(const Histogram& histogram, double low, double high) {
  return {std::max(histogram.low(), static_cast<float>(low)),
          std::min(histogram.high(), static_cast<float>(high)),
          true};
}

// How often |x| fell into each bin from zero on, with sums over the first i bins.
class Magnitudes {
 public:
  explicit Magnitudes(const Histogram& histogram) : counts_(1, 0), filled_(1, 0) {
    for (int64_t bin = 0; bin < kSide; ++bin) {
      uint64_t count = histogram.count(bin) + histogram.count(-bin - 1);
      // What a RELU cut off lies at zero and says nothing of the distribution.
      if (bin == 0) {
        count = std::min(count, histogram.count(1) + histogram.count(-2));
      }
      counts_.push_back(counts_.back() + count);
      filled_.push_back(filled_.back() + (count > 0 ? 1 : 0));
      if (count > 0) {
        used_ = static_cast<size_t>(bin) + 1;
      }
    }
    double entropy = 0;
    entropy_.push_back(0);
    for (size_t bin = 0; bin < static_cast<size_t>(kSide); ++bin) {
      entropy += Term(Count(bin, bin + 1));
      entropy_.push_back(entropy);
    }
  }

  // Bins up to the last one that is not empty.
  [[nodiscard]] size_t used() const { return used_; }

  // KL(P ‖ Q) · total for the first `bins` bins in `levels` stretches; infinite where P has values
  // in the last bin and Q has none. With N values of which Q keeps K, it is
  // Σ p ln p − Σ p ln q + N ln(K / N), p and q being counts.
  [[nodiscard]] double Divergence(size_t bins, size_t levels) const {
    const uint64_t kept = counts_[bins];
    const uint64_t beyond = counts_.back() - kept;
    const uint64_t last = Count(bins - 1, bins);
    if (beyond > 0 && last == 0) {
      return std::numeric_limits<double>::infinity();
    }
    double cross = 0;
    double last_q = 0;
    for (size_t level = 0; level < levels; ++level) {
      const size_t begin = level * bins / levels;
      const size_t end = (level + 1) * bins / levels;
      const uint64_t count = Count(begin, end);
      if (count > 0) {
        last_q = static_cast<double>(count) / static_cast<double>(filled_[end] - filled_[begin]);
        cross += static_cast<double>(count) * PortableLog(last_q);
      }
    }
    double own = entropy_[bins];
    if (beyond > 0) {
      own += Term(last + beyond) - Term(last);
      cross += static_cast<double>(beyond) * PortableLog(last_q);
    }
    const auto total = static_cast<double>(counts_.back());
    return own - cross + total * PortableLog(static_cast<double>(kept) / total);
  }

 private:
  [[nodiscard]] uint64_t Count(size_t begin, size_t end) const {
    return counts_[end] - counts_[begin];
  }

  static double Term(uint64_t count) {
    const auto p = static_cast<double>(count);
    return count > 0 ? p * PortableLog(p) : 0;
  }

  std::vector<uint64_t> counts_;  // of the first i bins
  std::vector<uint64_t> filled_;  // bins that are not empty among them
  std::vector<double> entropy_;   // Σ c ln c of them
  size_t used_ = 0;
};

double SquaredError(const Histogram& histogram, double low, double high) {
  const Scheme scheme = SchemeFromRange(low, high, 8);
  double error = 0;
  for (int64_t bin = -kSide; bin < kSide; ++bin) {
    if (const uint64_t count = histogram.count(bin); count > 0) {
      const double x = (static_cast<double>(bin) + 0.5) * histogram.width();
      const double q = std::clamp(std::rint(x / scheme.scale) + scheme.zero_point, 0.0, 255.0);
      const double difference = x - (q - scheme.zero_point) * scheme.scale;
      error += static_cast<double>(count) * difference * difference;
    }
  }
  return error;
}

}  // namespace

std::string_view CalibrationMethodName(CalibrationMethod method) {
  for (const auto& [known, name] : kNames) {
    if (known == method) {
      return name;
    }
  }
  return "";
}

std::optional<CalibrationMethod> ParseCalibrationMethod(std::string_view name) {
  for (const auto& [method, known] : kNames) {
    if (known == name) {
      return method;
    }
  }
  return std::nullopt;
}

ValueRange PercentileRange(const Histogram& histogram, double percent) {
  if (histogram.empty()) {
    return {};
  }
  const auto total = static_cast<double>(histogram.total());
  const double cut = total * (100 - percent) / 200;
  int64_t first = -kSide;
  double below = 0;
  while (first < kSide - 1 && below + static_cast<double>(histogram.count(first)) <= cut) {
    below += static_cast<double>(histogram.count(first));
    ++first;
  }
  int64_t last = kSide - 1;
  double above = 0;
  while (last > first && above + static_cast<double>(histogram.count(last)) <= cut) {
    above += static_cast<double>(histogram.count(last));
    --last;
  }
  return Within(histogram,
                static_cast<double>(first) * histogram.width(),
                static_cast<double>(last + 1) * histogram.width());
}

ValueRange KlRange(const Histogram& histogram) {
  const Magnitudes magnitudes(histogram);
  const size_t levels = histogram.low() >= 0 ? 256 : 128;
  size_t best = magnitudes.used();
  if (best <= levels) {
    return WholeRange(histogram);
  }
  double least = magnitudes.Divergence(best, levels);
  for (size_t bins = best - 1; bins >= levels; --bins) {
    const double divergence = magnitudes.Divergence(bins, levels);
    if (divergence <= least) {
      least = divergence;
      best = bins;
    }
  }
  const double bound = static_cast<double>(best) * histogram.width();
  return Within(histogram, -bound, bound);
}

ValueRange MseRange(const Histogram& histogram) {
  constexpr int kPercents = 100;
  constexpr int kLeastPercent = 20;
  ValueRange best = WholeRange(histogram);
  double least = std::numeric_limits<double>::infinity();
  for (int percent = kPercents; percent >= kLeastPercent && best.seen; --percent) {
    const double low = static_cast<double>(histogram.low()) * percent / kPercents;
    const double high = static_cast<double>(histogram.high()) * percent / kPercents;
    const double error = SquaredError(histogram, low, high);
    if (error < least) {
      least = error;
      best = {static_cast<float>(low), static_cast<float>(high), true};
    }
  }
  return best;
}

}  // namespace plumb::npu
