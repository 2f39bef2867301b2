#include <algorithm>
#include <cmath>
#include <limits>

#include "common/analysis/hypotheses.h"
#include "common/analysis/value_reader.h"

namespace plumb::analysis {
namespace {

// With fewer elements than this a line through them proves nothing.
constexpr uint64_t kMinElements = 4;

struct Readers {
  ValueReader reference;
  ValueReader target;
};

std::optional<Readers> OpenPair(const ComparedPair& pair) {
  const TensorReport& report = pair.report;
  const bool finite = report.count > 0 && report.reference_min && report.nan_reference == 0 &&
                      report.nan_target == 0 && report.inf_reference == 0 &&
                      report.inf_target == 0 && report.max_abs_error;
  auto reference = ValueReader::Create(pair.reference);
  auto target = ValueReader::Create(pair.target);
  if (!finite || !reference.ok() || !target.ok() || reference->size() != target->size()) {
    return std::nullopt;
  }
  return Readers{*std::move(reference), *std::move(target)};
}

double StepOf(const Tensor& tensor) {
  if (!IsInteger(tensor.desc.element_type)) {
    return 0;
  }
  return tensor.desc.scale == 0 ? 1 : std::abs(static_cast<double>(tensor.desc.scale));
}

// What rounding alone may leave: a little over half a step of the target, or float rounding.
double RoundingOf(const ComparedPair& pair) {
  const double largest =
      std::max(std::abs(*pair.report.target_min), std::abs(*pair.report.target_max));
  return 0.6 * StepOf(pair.target) + 1e-6 * largest;
}

// A correction must do far better than what was there before.
bool Explains(double residual, double rounding, const ComparedPair& pair) {
  return residual <= rounding && *pair.report.max_abs_error >= 4 * rounding;
}

// The least-squares k of t = k · r, refined to the largest |t − k·r|.
struct Fit {
  double k = 0;
  double residual = 0;
  uint64_t nonzero = 0;
};

Fit FitScale(Readers& readers) {
  double product = 0;
  double square = 0;
  Fit fit;
  VisitBlocks(readers.reference, readers.target, [&](uint64_t, auto r, auto t) {
    for (size_t i = 0; i < r.size(); ++i) {
      product += r[i] * t[i];
      square += r[i] * r[i];
      fit.nonzero += r[i] != 0 ? 1 : 0;
    }
  });
  if (square == 0) {
    return {};
  }
  fit.k = product / square;
  VisitBlocks(readers.reference, readers.target, [&](uint64_t, auto r, auto t) {
    for (size_t i = 0; i < r.size(); ++i) {
      fit.residual = std::max(fit.residual, std::abs(t[i] - fit.k * r[i]));
    }
  });
  return fit;
}

struct Clipping {
  bool exact = true;
  uint64_t low = 0;   // elements held at the low limit that were below it
  uint64_t high = 0;  // likewise above
  double first_low = 0;
  double first_high = 0;
  bool several = false;  // values of more than one size were cut to one limit
};

void NoteCut(double source, uint64_t& count, double& first, bool& several) {
  if (count == 0) {
    first = source;
  }
  several = several || source != first;
  ++count;
}

// Whether `cut` is `source` held within [low, high], the range of `cut`.
Clipping FindClipping(Readers& readers, bool target_is_cut, double low, double high) {
  Clipping clipping;
  VisitBlocks(readers.reference, readers.target, [&](uint64_t, auto r, auto t) {
    const auto& source = target_is_cut ? r : t;
    const auto& cut = target_is_cut ? t : r;
    for (size_t i = 0; i < source.size(); ++i) {
      clipping.exact = clipping.exact && cut[i] == std::clamp(source[i], low, high);
      if (source[i] < low) {
        NoteCut(source[i], clipping.low, clipping.first_low, clipping.several);
      } else if (source[i] > high) {
        NoteCut(source[i], clipping.high, clipping.first_high, clipping.several);
      }
    }
  });
  return clipping;
}

std::optional<Diagnosis> TryCut(const ComparedPair& pair, Readers& readers, bool target_is_cut) {
  const TensorReport& report = pair.report;
  const double low = target_is_cut ? *report.target_min : *report.reference_min;
  const double high = target_is_cut ? *report.target_max : *report.reference_max;
  const Clipping clipping = FindClipping(readers, target_is_cut, low, high);
  // The largest element lowered a little also looks cut; several of different size do not.
  if (!clipping.exact || !clipping.several || clipping.low + clipping.high < 3) {
    return std::nullopt;
  }
  const std::string role = target_is_cut ? "target" : "reference";
  return Found("saturation",
               pair,
               "the " + role + " is the other side held within [" + Brief(low) + ", " +
                   Brief(high) + "]: " + std::to_string(clipping.high) + " elements cut above, " +
                   std::to_string(clipping.low) + " below, all others equal",
               1);
}

}  // namespace

std::optional<Diagnosis> TryScaled(const ComparedPair& pair) {
  auto readers = OpenPair(pair);
  if (!readers) {
    return std::nullopt;
  }
  const Fit fit = FitScale(*readers);
  if (fit.nonzero < kMinElements || fit.k == 0 || !Explains(fit.residual, RoundingOf(pair), pair)) {
    return std::nullopt;
  }
  return Found("scaled",
               pair,
               "target = " + Brief(fit.k) + " x reference: the largest difference falls from " +
                   Brief(*pair.report.max_abs_error) + " to " + Brief(fit.residual),
               0.97);
}

std::optional<Diagnosis> TryOffset(const ComparedPair& pair) {
  auto readers = OpenPair(pair);
  if (!readers || pair.report.count < kMinElements) {
    return std::nullopt;
  }
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  VisitBlocks(readers->reference, readers->target, [&](uint64_t, auto r, auto t) {
    for (size_t i = 0; i < r.size(); ++i) {
      low = std::min(low, t[i] - r[i]);
      high = std::max(high, t[i] - r[i]);
    }
  });
  const double offset = low + (high - low) / 2;
  if (!Explains((high - low) / 2, RoundingOf(pair), pair)) {
    return std::nullopt;
  }
  const std::string evidence = "target = reference " + std::string(offset < 0 ? "- " : "+ ") +
                               Brief(std::abs(offset)) + ": the largest difference falls from " +
                               Brief(*pair.report.max_abs_error) + " to " + Brief((high - low) / 2);
  const double step = StepOf(pair.target);
  if (step > 0 && std::abs(std::abs(offset) - 128 * step) < step / 2) {
    return Found("zero_point_128", pair, evidence + ", 128 steps of the output", 0.99);
  }
  return Found("constant_offset", pair, evidence, 0.98);
}

std::optional<Diagnosis> TrySaturation(const ComparedPair& pair) {
  auto readers = OpenPair(pair);
  if (!readers) {
    return std::nullopt;
  }
  auto found = TryCut(pair, *readers, true);
  return found ? found : TryCut(pair, *readers, false);
}

std::optional<Diagnosis> TryLsbHistogram(const ComparedPair& pair) {
  const auto& histogram = pair.report.lsb_histogram;
  if (!histogram || pair.report.first_nonfinite_mismatch_index) {
    return std::nullopt;
  }
  const uint64_t beyond = histogram->below + histogram->above;
  if (beyond * 20 > pair.report.count) {
    return std::nullopt;
  }
  std::string text;
  size_t slot = 0;
  for (int step = -LsbHistogram::kReach; step <= LsbHistogram::kReach; ++step) {
    const uint64_t count = histogram->steps.at(slot++);
    if (count > 0) {
      text += (text.empty() ? "" : ", ") + std::string(step > 0 ? "+" : "") + std::to_string(step) +
              ": " + std::to_string(count);
    }
  }
  return Found("rounding_profile",
               pair,
               "differences in steps of the output scale: " + text +
                   "; beyond: " + std::to_string(beyond) +
                   ". Small steps look like rounding; no known profile was shown to give them",
               0.3);
}

}  // namespace plumb::analysis
