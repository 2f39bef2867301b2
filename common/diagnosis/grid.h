// Internal to look_inside.h: a tensor as rows, columns and channels, and errors over it.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/diagnosis/look_inside.h"

namespace plumb::diagnosis {

struct Axis {
  uint64_t length = 1;
  uint64_t stride = 1;  // in elements

  [[nodiscard]] uint64_t PlaceOf(uint64_t index) const { return index / stride % length; }
};

struct Grid {
  uint64_t size = 0;
  Axis rows;
  Axis columns;
  Axis channels;
};

Grid GridOf(const Shape& shape, bool channels_first);

// Σ|d| and Σ|r| of some elements.
struct Error {
  double error = 0;
  double size = 0;

  void Add(double r, double t) {
    error += std::abs(t - r);
    size += std::abs(r);
  }

  void Add(const Error& other) {
    error += other.error;
    size += other.size;
  }

  // 0 where there is no error; infinite where only the reference is 0.
  [[nodiscard]] double relative() const {
    return error == 0 ? 0 : size == 0 ? HUGE_VAL : error / size;
  }
};

// Sums over a tensor in one pass.
struct Survey {
  // Zones of rows and of columns: the first, the second, those between, the last but one, the last.
  static constexpr size_t kZones = 5;
  static constexpr size_t kInner = 2;

  bool finite = true;  // otherwise the rest is not complete
  Error whole;
  double sum_r = 0;
  double sum_t = 0;
  double sum_rr = 0;
  double sum_rt = 0;
  float reference_low = HUGE_VALF;
  float reference_high = -HUGE_VALF;
  float target_low = HUGE_VALF;
  float target_high = -HUGE_VALF;
  std::vector<Error> rows;
  std::vector<Error> columns;
  std::vector<Error> channels;
  std::array<std::array<Error, kZones>, kZones> zones;  // [row][column]
};

Survey SurveyOf(const Subject& subject, const Grid& grid);
// Which of Survey's zones a row or column lies in; of fewer than four all are inner ones.
size_t ZoneOf(uint64_t place, uint64_t length);

// Some thousand elements spread over a tensor: every one of a small tensor.
class Sample {
 public:
  explicit Sample(uint64_t size);

  [[nodiscard]] const std::vector<uint64_t>& indexes() const { return indexes_; }

 private:
  std::vector<uint64_t> indexes_;
};

struct Scene {
  const Subject& subject;
  Grid grid;
  Sample sample;
  Survey survey;
  const CancelToken& cancel;

  [[nodiscard]] double relative() const { return survey.whole.relative(); }
};

inline bool IsClearlyLess(double before, double after) {
  return after <= kClearly * before && after <= kRelated;
}

// The same of a sample, which may be a little off; what is wrong is so by far.
inline bool MayBeClearlyLess(double before, double after) {
  return after <= 1.2 * kClearly * before && after <= 1.2 * kRelated;
}

// Where target element `index` comes from in the reference is map(index), empty: from nowhere. What
// is left of the error and what there was, over the elements that come from somewhere, if those are
// at least half of all and what is left is clearly less.
template <class Map>
std::optional<std::pair<double, double>> TryMap(const Scene& scene, const Map& map) {
  const auto r = scene.subject.reference;
  const auto t = scene.subject.target;
  const auto add = [&](uint64_t index, Error& before, Error& after) {
    const std::optional<uint64_t> source = map(index);
    if (source) {
      before.Add(r[index], t[index]);
      after.Add(r[*source], t[index]);
    }
    return source.has_value();
  };
  Error before;
  Error after;
  for (const uint64_t index : scene.sample.indexes()) {
    add(index, before, after);
  }
  if (!MayBeClearlyLess(before.relative(), after.relative()) || scene.cancel.cancelled()) {
    return std::nullopt;
  }
  before = {};
  after = {};
  uint64_t covered = 0;
  for (uint64_t index = 0; index < scene.grid.size; ++index) {
    covered += add(index, before, after) ? 1U : 0U;
  }
  if (2 * covered < scene.grid.size || before.error == 0 ||
      !IsClearlyLess(before.relative(), after.relative())) {
    return std::nullopt;
  }
  return std::pair(before.relative(), after.relative());
}

// Six significant digits: evidence is read by people.
std::string Brief(double value);

// Each adds what it accepts.
void FindInValues(const Scene& scene, std::vector<Finding>& found);  // offset, factor, range
void FindInOrder(const Scene& scene, std::vector<Finding>& found);   // layout, shift, channels
void FindInPlaces(const Scene& scene, std::vector<Finding>& found);  // stripe, edge

}  // namespace plumb::diagnosis
