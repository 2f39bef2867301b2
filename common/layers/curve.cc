#include "common/layers/curve.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "common/base/portable_math.h"
#include "common/layers/curve_fit.h"

namespace plumb::layers {
namespace {

constexpr double kTwofold = 0.6931471805599453;  // ln 2
// Of the logarithm: what a level may vary by and be called one.
constexpr double kQuietSwing = 0.35;
constexpr double kCrossingSwing = 0.15;
constexpr double kReversing = 0.2;  // of neighbouring steps; 2/3 in pure noise, 0 in a trend
constexpr double kRootLaw = 0.5;

std::string Brief(double value) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.3g", value);
  return text.data();
}

// What a layer's error is where rel_l1 does not exist: for equal norms the relative L2.
std::optional<double> ErrorOf(const CurvePoint& point) {
  if (point.relative_l1 && std::isfinite(*point.relative_l1) && *point.relative_l1 >= 0) {
    return point.relative_l1;
  }
  if (point.cosine && *point.cosine >= -1 && *point.cosine <= 1) {
    return std::sqrt(2 * (1 - *point.cosine));
  }
  return std::nullopt;
}

class Classifier {
 public:
  explicit Classifier(const std::vector<CurvePoint>& points) : points_(points) {
    double largest = 0;
    for (const CurvePoint& point : points) {
      largest = std::max(largest, ErrorOf(point).value_or(0));
    }
    const double floor = std::max(largest * 1e-4, 1e-12);
    for (size_t i = 0; i < points.size(); ++i) {
      if (const auto error = ErrorOf(points[i])) {
        logs_.push_back(PortableLog(std::max(*error, floor)));
        where_.push_back(i);
      }
    }
  }

  Curve Classify() {
    FindCrossings();
    if (logs_.size() < kMinCurve) {
      curve_.evidence = "only " + std::to_string(logs_.size()) + " layers have an error";
      return curve_;
    }
    std::vector<double> stretch = logs_;
    Decide(stretch);
    const size_t third = points_.size() / 3;
    const bool early = curve_.first_bad && *curve_.first_bad < std::max<size_t>(third, 1);
    const bool led = curve_.kind == CurveClass::kJump && curve_.first_bad &&
                     *curve_.change_point <= *curve_.first_bad;
    curve_.early_crossing = early && !led;
    return curve_;
  }

 private:
  void FindCrossings() {
    bool out = false;
    for (size_t i = 0; i < points_.size(); ++i) {
      if (points_[i].out_of_bounds && !curve_.first_bad) {
        curve_.first_bad = i;
      }
      if (points_[i].out_of_bounds != out) {
        ++curve_.crossings;
        out = points_[i].out_of_bounds;
      }
    }
  }

  void Decide(std::vector<double>& stretch) {
    while (true) {
      const CurveFit fit = FitCurve(stretch);
      curve_.swing = PortableExp(fit.level_deviation);
      if (fit.drop && *fit.drop >= kMinCurve) {
        fell_at_ = fit.drop;
        stretch.resize(*fit.drop);
        continue;
      }
      if (fit.jump) {
        return Jump(fit);
      }
      if (std::abs(fit.growth) >= kTwofold && fit.growth > 0) {
        return Drift(fit);
      }
      return Level(fit);
    }
  }

  void Jump(const CurveFit& fit) {
    curve_.kind = CurveClass::kJump;
    curve_.change_point = where_[*fit.jump];
    curve_.factor = PortableExp(fit.jump_height);
    curve_.evidence = "the error rises " + Brief(curve_.factor) +
                      "-fold at this layer and stays there; around both levels it varies by " +
                      Brief(PortableExp(fit.deviation)) + "-fold";
  }

  void Drift(const CurveFit& fit) {
    curve_.kind = CurveClass::kDrift;
    curve_.change_point = curve_.first_bad;
    curve_.factor = PortableExp(fit.growth);
    curve_.exponent = fit.exponent;
    curve_.follows_root_law = !fit.exponential && std::abs(fit.exponent - kRootLaw) <=
                                                      std::max(0.2, 2 * fit.exponent_error);
    curve_.evidence =
        "the error grows " + Brief(curve_.factor) + "-fold along the network, as depth^" +
        Brief(fit.exponent) +
        (curve_.follows_root_law ? ", as independent errors of the layers add up (depth^0.5)"
         : fit.exponential || fit.exponent > kRootLaw
             ? ", faster than independent errors of the layers add up (depth^0.5): some layer adds "
               "more than its share"
             : ", slower than independent errors of the layers add up (depth^0.5)");
  }

  void Level(const CurveFit& fit) {
    const bool swings = fit.level_deviation >= kQuietSwing && fit.reversals >= kReversing;
    const bool around = curve_.crossings >= 2 && fit.level_deviation >= kCrossingSwing &&
                        fit.reversals >= kReversing;
    const std::string varies = "the error varies " + Brief(curve_.swing) +
                               "-fold around one level, without a lasting change";
    if (swings || around) {
      curve_.kind = CurveClass::kOscillation;
      curve_.evidence = varies + "; it turns at " + Brief(100 * fit.reversals) +
                        " % of the layers and crosses the limits " +
                        std::to_string(curve_.crossings) + " times" + Fell();
      return;
    }
    curve_.kind = curve_.first_bad ? CurveClass::kEarlyCrossing : CurveClass::kNone;
    // Out of bounds at the very end alone is a crossing, but no early one.
    curve_.evidence = varies + Fell();
  }

  [[nodiscard]] std::string Fell() const {
    return fell_at_ ? "; behind that it falls (judged were the first " + std::to_string(*fell_at_) +
                          " layers)"
                    : "";
  }

  const std::vector<CurvePoint>& points_;
  std::vector<double> logs_;
  std::vector<size_t> where_;  // of logs_ in points_
  std::optional<size_t> fell_at_;
  Curve curve_;
};

}  // namespace

std::string_view CurveClassName(CurveClass kind) {
  constexpr std::array<std::string_view, 6> kNames = {
      "none", "jump", "drift", "oscillation", "early_crossing", "too_short"};
  return kNames.at(static_cast<size_t>(kind));
}

Curve ClassifyCurve(const std::vector<CurvePoint>& points) {
  return Classifier(points).Classify();
}

std::string DescribeCurve(const Curve& curve) {
  if (curve.kind == CurveClass::kEarlyCrossing) {
    return curve.early_crossing ? "early crossing" : "out of bounds without a shape";
  }
  const std::string name = curve.kind == CurveClass::kTooShort
                               ? "too short to tell"
                               : std::string(CurveClassName(curve.kind));
  return name + (curve.early_crossing ? " with an early crossing" : "");
}

std::string CurveAdvice(const Curve& curve) {
  if (!curve.first_bad) {
    return "";
  }
  const std::string first = curve.early_crossing
                                ? "check the preprocessing first: mean, std and channel order of "
                                  "input_config.ini against the script, and its norm flag; "
                                : "";
  switch (curve.kind) {
    case CurveClass::kJump:
      return first +
             "look at the layer that rises: raise the input of this convolution (or of those "
             "before and after it) to INT16 in [CONV_CONFIG]";
    case CurveClass::kDrift:
      return first +
             (curve.follows_root_law
                  ? "no single layer is to blame: try ALL_INT16, then training quantisation"
                  : "begin with the first layer out of bounds: raise its convolution to INT16, and "
                    "compare again");
    case CurveClass::kOscillation:
      return first +
             "no single layer is to blame: use the training quantisation tools "
             "(torch_calibrator.py), then compare again";
    case CurveClass::kEarlyCrossing:
      return first + "then see whether ALL_INT16 mends it";
    case CurveClass::kNone:
    case CurveClass::kTooShort:
      break;
  }
  return first.empty() ? "" : first.substr(0, first.size() - 2);
}

}  // namespace plumb::layers
