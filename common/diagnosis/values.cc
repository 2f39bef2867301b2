#include <algorithm>

#include "common/diagnosis/grid.h"

namespace plumb::diagnosis {
namespace {

// Least squares of t = factor · r + offset.
struct Line {
  double factor = 0;
  double offset = 0;
};

// The same constant everywhere is the middle of all differences, whatever a few others are.
double MiddleDifference(const Scene& scene) {
  std::vector<double> differences;
  for (const uint64_t index : scene.sample.indexes()) {
    differences.push_back(double{scene.subject.target[index]} -
                          double{scene.subject.reference[index]});
  }
  const auto middle = differences.begin() + static_cast<std::ptrdiff_t>(differences.size() / 2);
  std::nth_element(differences.begin(), middle, differences.end());
  return *middle;
}

struct Errors {
  Error before;
  Error after;
};

// What is left of the error after a correction, over the sample and, if that is promising, over
// all; empty unless it is clearly less. correct(r, t) gives the corrected pair.
template <class Correct>
std::optional<double> TryCorrection(const Scene& scene, const Correct& correct) {
  const auto r = scene.subject.reference;
  const auto t = scene.subject.target;
  Errors errors;
  const auto add = [&](uint64_t index) {
    const std::pair<double, double> corrected = correct(r[index], t[index]);
    errors.before.Add(r[index], t[index]);
    errors.after.Add(corrected.first, corrected.second);
  };
  for (const uint64_t index : scene.sample.indexes()) {
    add(index);
  }
  const bool promising = MayBeClearlyLess(errors.before.relative(), errors.after.relative());
  if (!promising && scene.sample.indexes().size() < scene.grid.size) {
    return std::nullopt;
  }
  errors = {};
  for (uint64_t index = 0; index < scene.grid.size; ++index) {
    add(index);
  }
  const double residual = errors.after.relative();
  return IsClearlyLess(scene.relative(), residual) ? std::optional(residual) : std::nullopt;
}

std::optional<double> TryLine(const Scene& scene, const Line& line) {
  if (line.factor == 0 || !std::isfinite(line.factor) || !std::isfinite(line.offset)) {
    return std::nullopt;
  }
  const double inverse = 1 / line.factor;
  return TryCorrection(scene, [&line, inverse](double r, double t) {
    return std::pair(r, (t - line.offset) * inverse);
  });
}

std::string LeftOver(const Scene& scene, double residual) {
  return ": rel_l1 falls from " + Brief(scene.relative()) + " to " + Brief(residual);
}

void TryOffset(const Scene& scene, std::vector<Finding>& found) {
  const double offset = MiddleDifference(scene);
  const auto residual = offset == 0 ? std::nullopt : TryLine(scene, {1, offset});
  if (!residual) {
    return;
  }
  const double step = scene.subject.step.value_or(0);
  const bool half_range = step > 0 && std::abs(std::abs(offset) - 128 * step) < step / 2;
  found.push_back({half_range ? "zero_point_128" : "constant_offset",
                   "target = reference " + std::string(offset < 0 ? "- " : "+ ") +
                       Brief(std::abs(offset)) + LeftOver(scene, *residual),
                   scene.relative(),
                   *residual});
}

void TryFactor(const Scene& scene, std::vector<Finding>& found) {
  const Survey& sums = scene.survey;
  const double factor = sums.sum_rr > 0 ? sums.sum_rt / sums.sum_rr : 0;
  const auto residual = TryLine(scene, {factor, 0});
  if (residual) {
    found.push_back({"scaled",
                     "target = " + Brief(factor) + " x reference" + LeftOver(scene, *residual),
                     scene.relative(),
                     *residual});
  }
}

// Both at once, as another mean and another standard deviation give; only where neither alone does
// nearly as well.
void TryBoth(const Scene& scene, std::vector<Finding>& found) {
  const Survey& sums = scene.survey;
  const auto count = static_cast<double>(scene.grid.size);
  const double spread = sums.sum_rr - sums.sum_r * sums.sum_r / count;
  const double factor = spread > 0 ? (sums.sum_rt - sums.sum_r * sums.sum_t / count) / spread : 0;
  const double offset = (sums.sum_t - factor * sums.sum_r) / count;
  const auto residual = TryLine(scene, {factor, offset});
  const bool better =
      residual && std::all_of(found.begin(), found.end(), [&residual](const Finding& simpler) {
        return IsClearlyLess(simpler.residual, *residual);
      });
  if (better) {
    found.push_back({"scaled_and_offset",
                     "target = " + Brief(factor) + " x reference " + (offset < 0 ? "- " : "+ ") +
                         Brief(std::abs(offset)) + LeftOver(scene, *residual),
                     scene.relative(),
                     *residual});
  }
}

// What lies beyond a range.
struct Beyond {
  uint64_t elements = 0;
  bool several = false;  // of more than one value
};

Beyond BeyondOf(std::span<const float> values, double low, double high) {
  Beyond beyond;
  double first = 0;
  for (const float value : values) {
    const double held = std::clamp(double{value}, low, high);
    if (held != double{value}) {
      first = beyond.elements == 0 ? double{value} : first;
      beyond.several = beyond.several || first != double{value};
      ++beyond.elements;
    }
  }
  return beyond;
}

// The evidence that one side is the other held within a range; empty where it is not. One element
// lowered a little also looks cut; several of different value do not.
std::optional<Finding> TryCut(const Scene& scene, bool target_is_cut, double low, double high) {
  if (!(low < high)) {
    return std::nullopt;
  }
  const auto residual = TryCorrection(scene, [=](double r, double t) {
    return target_is_cut ? std::pair(std::clamp(r, low, high), t)
                         : std::pair(r, std::clamp(t, low, high));
  });
  if (!residual) {
    return std::nullopt;
  }
  const Beyond beyond =
      BeyondOf(target_is_cut ? scene.subject.reference : scene.subject.target, low, high);
  if (beyond.elements < 3 || !beyond.several) {
    return std::nullopt;
  }
  Finding finding;
  finding.evidence = " within [" + Brief(low) + ", " + Brief(high) + "], " +
                     std::to_string(beyond.elements) + " of " + std::to_string(scene.grid.size) +
                     " elements lie beyond" + LeftOver(scene, *residual);
  finding.before = scene.relative();
  finding.residual = *residual;
  return finding;
}

bool TryCalibration(const Scene& scene, std::vector<Finding>& found) {
  const Subject& subject = scene.subject;
  auto finding =
      subject.low && subject.high ? TryCut(scene, true, *subject.low, *subject.high) : std::nullopt;
  if (!finding) {
    return false;
  }
  finding->cause = "out_of_calibration";
  finding->evidence =
      "the reference leaves what the target's quantisation can hold: held" + finding->evidence;
  found.push_back(*std::move(finding));
  return true;
}

bool TrySaturation(const Scene& scene, bool target_is_cut, std::vector<Finding>& found) {
  const Survey& survey = scene.survey;
  const double low = target_is_cut ? survey.target_low : survey.reference_low;
  const double high = target_is_cut ? survey.target_high : survey.reference_high;
  auto finding = TryCut(scene, target_is_cut, low, high);
  if (!finding) {
    return false;
  }
  finding->cause = "saturation";
  finding->evidence = std::string("the ") + (target_is_cut ? "target" : "reference") +
                      " is the other side held" + finding->evidence;
  found.push_back(*std::move(finding));
  return true;
}

}  // namespace

void FindInValues(const Scene& scene, std::vector<Finding>& found) {
  TryOffset(scene, found);
  TryFactor(scene, found);
  TryBoth(scene, found);
  if (!TryCalibration(scene, found) && !TrySaturation(scene, true, found)) {
    TrySaturation(scene, false, found);
  }
}

}  // namespace plumb::diagnosis
