#include "common/diagnosis/look_inside.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "common/diagnosis/grid.h"

namespace plumb::diagnosis {
namespace {

// Of a few elements any factor or constant explains too much by chance.
constexpr uint64_t kMinElements = 32;
constexpr uint64_t kSamples = 4096;
// Saying where is worth less than saying what, unless it leaves less by this part of the error.
constexpr double kLocatedHandicap = 0.1;

double RankOf(const Finding& finding) {
  return finding.residual + (finding.located ? kLocatedHandicap * finding.before : 0);
}

}  // namespace

Grid GridOf(const Shape& shape, bool channels_first) {
  Grid grid;
  grid.size = shape.element_count().value_or(0);
  const size_t rank = shape.rank();
  const auto length = [&](size_t from_back) {
    return static_cast<uint64_t>(shape[rank - from_back]);
  };
  if (rank == 0) {
    return grid;
  }
  if (rank < 3) {
    grid.columns = {length(1), 1};
    grid.rows = {1, length(1)};
    grid.channels = {1, length(1)};
  } else if (channels_first) {
    grid.columns = {length(1), 1};
    grid.rows = {length(2), length(1)};
    grid.channels = {length(3), length(1) * length(2)};
  } else {
    grid.channels = {length(1), 1};
    grid.columns = {length(2), length(1)};
    grid.rows = {length(3), length(1) * length(2)};
  }
  return grid;
}

Sample::Sample(uint64_t size) {
  // A prime step visits every residue of rows, columns and channels alike.
  constexpr uint64_t kStep = 2'654'435'761U;
  const uint64_t count = std::min(size, kSamples);
  indexes_.reserve(count);
  for (uint64_t k = 0; k < count; ++k) {
    indexes_.push_back(size <= kSamples ? k : k * kStep % size);
  }
}

std::string Brief(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

std::vector<Finding> LookInside(const Subject& subject, const CancelToken& cancel) {
  const auto count = subject.shape.element_count();
  if (!count || *count < kMinElements || *count > kMaxElements ||
      subject.reference.size() != *count || subject.target.size() != *count) {
    return {};
  }
  const Grid grid = GridOf(subject.shape, subject.channels_first);
  const Scene scene{subject, grid, Sample(*count), SurveyOf(subject, grid), cancel};
  if (!scene.survey.finite || !(scene.survey.whole.error > 0)) {
    return {};
  }
  std::vector<Finding> found;
  FindInValues(scene, found);
  FindInOrder(scene, found);
  FindInPlaces(scene, found);
  if (cancel.cancelled()) {
    return {};
  }
  std::stable_sort(found.begin(), found.end(), [](const Finding& a, const Finding& b) {
    return RankOf(a) < RankOf(b);
  });
  found.resize(std::min(found.size(), kMaxFindings));
  return found;
}

}  // namespace plumb::diagnosis
