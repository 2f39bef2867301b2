// Internal to curve.h: models of the logarithm of the error over depth, by least squares.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace plumb::layers {

struct CurveFit {
  double level_deviation = 0;  // root mean square around the mean
  double reversals = 0;        // share of neighbouring steps of opposite direction
  double deviation = 0;        // root mean square around the chosen model
  // The chosen model has a step that separates the points: its first index behind, its height.
  std::optional<size_t> jump;
  double jump_height = 0;
  std::optional<size_t> drop;  // likewise downwards
  // Otherwise, of depth^exponent: growth from first to last, and the exponent's standard error.
  double growth = 0;
  double exponent = 0;
  double exponent_error = 0;
  bool exponential = false;  // growth by a factor per layer fits better
};

// `logs` are at least three, in order of depth.
CurveFit FitCurve(const std::vector<double>& logs);

}  // namespace plumb::layers
