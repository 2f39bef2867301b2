// The shape of the error along a network: where accuracy goes, and in which manner
// (docs/curve-shapes.md). Pure arithmetic on rel_l1 (or what the cosine implies), no I/O.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plumb::layers {

// One compared layer, in the order of execution. A layer without either number is passed over.
struct CurvePoint {
  std::optional<double> relative_l1;
  std::optional<double> cosine;
  bool out_of_bounds = false;  // its verdict is a mismatch
};

enum class CurveClass {
  kNone,           // nothing out of bounds, no shape
  kJump,           // the error rises at one layer and stays up
  kDrift,          // it grows with depth
  kOscillation,    // it swings from layer to layer
  kEarlyCrossing,  // out of bounds from near the start, without another shape
  kTooShort,       // fewer than kMinCurve layers
};

// "none", "jump", "drift", "oscillation", "early_crossing", "too_short".
std::string_view CurveClassName(CurveClass kind);

constexpr size_t kMinCurve = 5;

struct Curve {
  CurveClass kind = CurveClass::kTooShort;
  // The first layer out of bounds lies in the first third, and no jump leads up to it. Beside
  // another class it is said with it: "oscillation with an early crossing".
  bool early_crossing = false;
  std::optional<size_t> first_bad;     // index into the points
  std::optional<size_t> change_point;  // jump: the layer that rises; drift: the first bad one
  double factor = 1;    // jump: error behind / before; drift: last / first of the fitted curve
  double exponent = 0;  // drift: of depth; independent errors add up to 0.5
  bool follows_root_law = false;
  double swing = 1;      // typical ratio of neighbouring errors, ≥ 1
  size_t crossings = 0;  // how often the curve changes between in and out of bounds
  std::string evidence;  // for people: the numbers behind the class
};

// Least squares on the logarithm of the error for five models (level, depth^b, exponential, step,
// step on depth^b), chosen by Schwarz's criterion; a step counts as a jump when it is at least
// twofold and separates the points. Errors below a ten-thousandth of the largest count as that. A
// downward step ends the stretch that is judged: what follows was squashed, not repaired.
Curve ClassifyCurve(const std::vector<CurvePoint>& points);

// "oscillation with an early crossing".
std::string DescribeCurve(const Curve& curve);

// What the SOP says to do about this shape (2.1.1, 2.1.4–2.1.6); empty while all is within bounds.
std::string CurveAdvice(const Curve& curve);

}  // namespace plumb::layers
