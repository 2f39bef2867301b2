#include "common/layers/curve_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "common/base/portable_math.h"

namespace plumb::layers {
namespace {

constexpr double kTwofold = 0.6931471805599453;  // ln 2
constexpr double kSeparated = 0.85;  // of the points on each side of a step lie beyond its middle
// No measurement is as smooth as this; it keeps perfect curves from a logarithm of zero.
constexpr double kSmallestVariance = 1e-6;

struct Line {
  double slope = 0;
  double intercept = 0;
  double rss = 0;
  double slope_error = 0;
};

Line FitLine(const std::vector<double>& x, const std::vector<double>& y, size_t begin, size_t end) {
  const auto count = static_cast<double>(end - begin);
  double mean_x = 0;
  double mean_y = 0;
  for (size_t i = begin; i < end; ++i) {
    mean_x += x[i] / count;
    mean_y += y[i] / count;
  }
  double sxx = 0;
  double sxy = 0;
  double syy = 0;
  for (size_t i = begin; i < end; ++i) {
    sxx += (x[i] - mean_x) * (x[i] - mean_x);
    sxy += (x[i] - mean_x) * (y[i] - mean_y);
    syy += (y[i] - mean_y) * (y[i] - mean_y);
  }
  Line line;
  line.slope = sxx > 0 ? sxy / sxx : 0;
  line.intercept = mean_y - line.slope * mean_x;
  line.rss = std::max(0.0, syy - line.slope * sxy);
  line.slope_error = sxx > 0 && count > 2 ? std::sqrt(line.rss / (count - 2) / sxx) : 0;
  return line;
}

struct Step {
  size_t at = 0;
  double height = 0;
  double rss = std::numeric_limits<double>::infinity();
};

// A step of y at every place that leaves `margin` points on each side; the best one.
Step FitStep(const std::vector<double>& y, size_t margin) {
  Step best;
  const size_t count = y.size();
  std::vector<double> sums(count + 1, 0);
  std::vector<double> squares(count + 1, 0);
  for (size_t i = 0; i < count; ++i) {
    sums[i + 1] = sums[i] + y[i];
    squares[i + 1] = squares[i] + y[i] * y[i];
  }
  for (size_t at = margin; at + margin <= count; ++at) {
    const auto before = static_cast<double>(at);
    const auto behind = static_cast<double>(count - at);
    const double low = sums[at] / before;
    const double high = (sums[count] - sums[at]) / behind;
    const double rss = squares[count] - before * low * low - behind * high * high;
    if (rss < best.rss) {
      best = {at, high - low, std::max(0.0, rss)};
    }
  }
  return best;
}

// Lower is better. `parameters` beside the variance.
double Schwarz(double rss, size_t count, double parameters) {
  const auto n = static_cast<double>(count);
  return n * PortableLog(std::max(rss / n, kSmallestVariance)) + parameters * PortableLog(n);
}

bool Separates(const std::vector<double>& y, const Step& step) {
  const auto at = static_cast<std::ptrdiff_t>(step.at);
  const double low = std::accumulate(y.begin(), y.begin() + at, 0.0) / static_cast<double>(at);
  const double middle = low + step.height / 2;
  const auto beyond = [&](double value) {
    return step.height > 0 ? value > middle : value < middle;
  };
  const auto behind = std::count_if(y.begin() + at, y.end(), beyond);
  const auto before =
      std::count_if(y.begin(), y.begin() + at, [&](double v) { return !beyond(v); });
  return static_cast<double>(behind) >= kSeparated * static_cast<double>(y.size() - step.at) &&
         static_cast<double>(before) >= kSeparated * static_cast<double>(step.at);
}

double Reversals(const std::vector<double>& y) {
  size_t turns = 0;
  for (size_t i = 2; i < y.size(); ++i) {
    turns += (y[i] - y[i - 1]) * (y[i - 1] - y[i - 2]) < 0 ? 1 : 0;
  }
  return y.size() < 3 ? 0 : static_cast<double>(turns) / static_cast<double>(y.size() - 2);
}

// A step on top of depth^slope: the slope is found beside the step by turns.
struct SteppedPower {
  Step step;
  double slope = 0;
};

SteppedPower FitSteppedPower(const std::vector<double>& depth,
                             const std::vector<double>& y,
                             size_t margin) {
  SteppedPower fit;
  std::vector<double> rest = y;
  fit.step = FitStep(rest, margin);
  for (int round = 0; round < 8; ++round) {
    for (size_t i = 0; i < y.size(); ++i) {
      rest[i] = y[i] - (i >= fit.step.at ? fit.step.height : 0);
    }
    fit.slope = FitLine(depth, rest, 0, y.size()).slope;
    for (size_t i = 0; i < y.size(); ++i) {
      rest[i] = y[i] - fit.slope * depth[i];
    }
    fit.step = FitStep(rest, margin);
  }
  return fit;
}

}  // namespace

CurveFit FitCurve(const std::vector<double>& logs) {
  const size_t count = logs.size();
  std::vector<double> depth(count);
  std::vector<double> place(count);
  for (size_t i = 0; i < count; ++i) {
    depth[i] = PortableLog(static_cast<double>(i + 1));
    place[i] = static_cast<double>(i);
  }
  const size_t margin = std::max<size_t>(2, count / 20);
  const double mean = std::accumulate(logs.begin(), logs.end(), 0.0) / static_cast<double>(count);
  double level_rss = 0;
  for (const double value : logs) {
    level_rss += (value - mean) * (value - mean);
  }
  const Line power = FitLine(depth, logs, 0, count);
  const Line exponential = FitLine(place, logs, 0, count);
  const Step step = FitStep(logs, margin);
  const SteppedPower stepped = FitSteppedPower(depth, logs, margin);

  CurveFit fit;
  fit.level_deviation = std::sqrt(level_rss / static_cast<double>(count));
  fit.reversals = Reversals(logs);
  fit.exponential = exponential.rss < power.rss;
  const double smooth = std::min({Schwarz(level_rss, count, 1),
                                  Schwarz(power.rss, count, 2),
                                  Schwarz(exponential.rss, count, 2)});
  const double abrupt = Schwarz(step.rss, count, 3);
  const double abrupt_on_power = Schwarz(stepped.step.rss, count, 4);
  const Step& chosen = abrupt_on_power < abrupt ? stepped.step : step;
  std::vector<double> flat = logs;
  if (abrupt_on_power < abrupt) {
    for (size_t i = 0; i < count; ++i) {
      flat[i] -= stepped.slope * depth[i];
    }
  }
  fit.deviation = std::sqrt(std::min(level_rss, chosen.rss) / static_cast<double>(count));
  if (std::min(abrupt, abrupt_on_power) < smooth && std::abs(chosen.height) >= kTwofold &&
      Separates(flat, chosen)) {
    (chosen.height > 0 ? fit.jump : fit.drop) = chosen.at;
    fit.jump_height = chosen.height;
    return fit;
  }
  const bool level = Schwarz(level_rss, count, 1) <= smooth;
  fit.exponent = power.slope;
  fit.exponent_error = power.slope_error;
  fit.growth = level             ? 0
               : fit.exponential ? exponential.slope * static_cast<double>(count - 1)
                                 : power.slope * depth.back();
  return fit;
}

}  // namespace plumb::layers
