#include <algorithm>

#include "common/diagnosis/grid.h"

namespace plumb::diagnosis {
namespace {

// Elements that lie side by side and differ in one axis alone: a row of columns, or the channels of
// a place.
class Surveyor {
 public:
  Surveyor(const Subject& subject, const Grid& grid, Survey& survey)
      : r_(subject.reference.data()),
        t_(subject.target.data()),
        grid_(grid),
        survey_(survey) {}

  // The channels of a place.
  void AddPlace(uint64_t index, uint64_t row, uint64_t column) {
    Error place;
    for (uint64_t channel = 0; channel < grid_.channels.length; ++channel) {
      const Error one = Take(index + channel);
      place.Add(one);
      survey_.channels[channel].Add(one);
    }
    survey_.columns[column].Add(place);
    survey_.zones.at(ZoneOf(row, grid_.rows.length))
        .at(ZoneOf(column, grid_.columns.length))
        .Add(place);
    survey_.rows[row].Add(place);
  }

  // The columns of a row of one channel.
  void AddRow(uint64_t index, uint64_t row, uint64_t channel) {
    auto& zones = survey_.zones.at(ZoneOf(row, grid_.rows.length));
    Error whole;
    for (uint64_t column = 0; column < grid_.columns.length; ++column) {
      const Error one = Take(index + column);
      whole.Add(one);
      survey_.columns[column].Add(one);
      zones.at(ZoneOf(column, grid_.columns.length)).Add(one);
    }
    survey_.rows[row].Add(whole);
    survey_.channels[channel].Add(whole);
  }

 private:
  Error Take(uint64_t index) {
    const double r = r_[index];
    const double t = t_[index];
    survey_.finite = survey_.finite && std::isfinite(r) && std::isfinite(t);
    survey_.sum_r += r;
    survey_.sum_t += t;
    survey_.sum_rr += r * r;
    survey_.sum_rt += r * t;
    survey_.reference_low = std::min(survey_.reference_low, r_[index]);
    survey_.reference_high = std::max(survey_.reference_high, r_[index]);
    survey_.target_low = std::min(survey_.target_low, t_[index]);
    survey_.target_high = std::max(survey_.target_high, t_[index]);
    return {std::abs(t - r), std::abs(r)};
  }

  const float* r_;
  const float* t_;
  const Grid& grid_;
  Survey& survey_;
};

}  // namespace

size_t ZoneOf(uint64_t place, uint64_t length) {
  if (length < 4) {
    return Survey::kInner;
  }
  if (place < 2) {
    return static_cast<size_t>(place);
  }
  return place + 2 >= length ? static_cast<size_t>(place + Survey::kZones - length)
                             : Survey::kInner;
}

Survey SurveyOf(const Subject& subject, const Grid& grid) {
  Survey survey;
  survey.rows.resize(grid.rows.length);
  survey.columns.resize(grid.columns.length);
  survey.channels.resize(grid.channels.length);
  Surveyor surveyor(subject, grid, survey);
  const bool channels_inside = grid.channels.stride < grid.columns.stride;
  const uint64_t outer = channels_inside ? 1 : grid.channels.length;
  const uint64_t plane =
      grid.rows.length * grid.columns.length * (channels_inside ? grid.channels.length : 1);
  for (uint64_t first = 0; first < grid.size && survey.finite; first += plane) {
    const uint64_t channel = first / plane % outer;
    for (uint64_t row = 0; row < grid.rows.length; ++row) {
      const uint64_t at = first + row * grid.rows.stride;
      if (!channels_inside) {
        surveyor.AddRow(at, row, channel);
        continue;
      }
      for (uint64_t column = 0; column < grid.columns.length; ++column) {
        surveyor.AddPlace(at + column * grid.columns.stride, row, column);
      }
    }
  }
  for (const Error& row : survey.rows) {
    survey.whole.Add(row);
  }
  return survey;
}

}  // namespace plumb::diagnosis
