#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/diagnosis/grid.h"

namespace plumb::diagnosis {
namespace {

constexpr uint64_t kMinAxis = 4;
constexpr double kStandsOut = 8;  // times the usual error of a row, column or channel
constexpr uint64_t kMinEdge = 6;
constexpr size_t kShown = 8;

std::vector<uint64_t> StandingOut(const std::vector<Error>& errors) {
  std::vector<double> sorted;
  sorted.reserve(errors.size());
  for (const Error& error : errors) {
    sorted.push_back(error.error);
  }
  std::sort(sorted.begin(), sorted.end());
  const double usual = sorted[sorted.size() / 2];
  const double cut = std::max(kStandsOut * usual, sorted.back() / 20);
  std::vector<uint64_t> places;
  for (uint64_t place = 0; place < errors.size(); ++place) {
    if (errors[place].error > cut) {
      places.push_back(place);
    }
  }
  return places;
}

// One run, or as many as tiles of one height give: equal distances.
bool IsRegular(const std::vector<uint64_t>& places) {
  if (places.back() - places.front() + 1 == places.size()) {
    return true;
  }
  for (size_t i = 2; i < places.size(); ++i) {
    if (places[i] - places[i - 1] != places[1] - places[0]) {
      return false;
    }
  }
  return places.size() > 2;
}

std::string PlacesText(const std::vector<uint64_t>& places) {
  if (places.size() > 1 && places.back() - places.front() + 1 == places.size()) {
    return std::to_string(places.front()) + " to " + std::to_string(places.back());
  }
  std::vector<std::string> texts;
  for (size_t i = 0; i < std::min(places.size(), kShown); ++i) {
    texts.push_back(std::to_string(places[i]));
  }
  return Join(texts, ", ") + (places.size() > kShown ? ", ..." : "");
}

// The rest must hold its fair part of the values: elsewhere there is nothing to be wrong.
bool RestIsClean(const Scene& scene, const Error& rest, double share_of_rest) {
  return rest.size >= 0.5 * share_of_rest * scene.survey.whole.size &&
         rest.relative() <= kClean * scene.relative() && rest.relative() <= kRelated;
}

std::optional<Finding> TryStripe(const Scene& scene,
                                 const std::vector<Error>& errors,
                                 const std::string& unit) {
  if (errors.size() < kMinAxis) {
    return std::nullopt;
  }
  const std::vector<uint64_t> places = StandingOut(errors);
  // Channels have no neighbours: any of them may be wrong together.
  if (places.empty() || 4 * places.size() > errors.size() ||
      (unit != "channel" && !IsRegular(places))) {
    return std::nullopt;
  }
  Error rest;
  Error inside;
  for (uint64_t place = 0; place < errors.size(); ++place) {
    const bool bad = std::binary_search(places.begin(), places.end(), place);
    (bad ? inside : rest).Add(errors[place]);
  }
  const double share = 1 - static_cast<double>(places.size()) / static_cast<double>(errors.size());
  if (!RestIsClean(scene, rest, share)) {
    return std::nullopt;
  }
  return Finding{"tile_stripe",
                 unit + (places.size() == 1 ? " " : "s ") + PlacesText(places) + " of " +
                     std::to_string(errors.size()) + (places.size() == 1 ? " has " : " have ") +
                     Brief(100 * inside.error / scene.survey.whole.error) +
                     " % of the error: rel_l1 of the rest is " + Brief(rest.relative()) +
                     ", of the whole " + Brief(scene.relative()),
                 scene.relative(),
                 rest.relative(),
                 true};
}

struct Sides {
  std::array<Error, 4> side;  // top, bottom, left, right; a corner is of the first that has it
  std::array<uint64_t, 4> count{};
  Error inner;
  uint64_t inner_count = 0;
};

// How many rows or columns a zone has.
uint64_t ZoneLength(size_t zone, uint64_t length) {
  return zone == Survey::kInner ? length - (Survey::kZones - 1) : 1;
}

Sides SidesOf(const Scene& scene, uint64_t width) {
  const uint64_t rows = scene.grid.rows.length;
  const uint64_t columns = scene.grid.columns.length;
  const uint64_t deep = scene.grid.size / rows / columns;
  const size_t last = Survey::kZones - static_cast<size_t>(width);
  Sides sides;
  for (size_t row = 0; row < Survey::kZones; ++row) {
    for (size_t column = 0; column < Survey::kZones; ++column) {
      const Error& error = scene.survey.zones.at(row).at(column);
      const uint64_t count = ZoneLength(row, rows) * ZoneLength(column, columns) * deep;
      const std::array<bool, 4> at = {row < width, row >= last, column < width, column >= last};
      const auto* const first = std::find(at.begin(), at.end(), true);
      if (first == at.end()) {
        sides.inner.Add(error);
        sides.inner_count += count;
      } else {
        const auto number = static_cast<size_t>(first - at.begin());
        sides.side.at(number).Add(error);
        sides.count.at(number) += count;
      }
    }
  }
  return sides;
}

// At least two sides: one alone is a stripe.
std::optional<Finding> TryEdge(const Scene& scene, uint64_t width) {
  const Sides sides = SidesOf(scene, width);
  const double inner = sides.inner.error / static_cast<double>(sides.inner_count);
  constexpr std::array<const char*, 4> kNames = {"top", "bottom", "left", "right"};
  std::vector<std::string> bad;
  Error edge;
  std::array<double, 4> means{};
  for (size_t i = 0; i < means.size(); ++i) {
    means.at(i) = sides.side.at(i).error / static_cast<double>(sides.count.at(i));
  }
  // A side that is well shares its corners with one that is not.
  const double least = *std::max_element(means.begin(), means.end()) / 4;
  for (size_t i = 0; i < kNames.size(); ++i) {
    edge.Add(sides.side.at(i));
    if (means.at(i) > least && means.at(i) >= kStandsOut * inner) {
      bad.emplace_back(kNames.at(i));
    }
  }
  const double share =
      static_cast<double>(sides.inner_count) / static_cast<double>(scene.grid.size);
  if (bad.size() < 2 || !RestIsClean(scene, sides.inner, share)) {
    return std::nullopt;
  }
  return Finding{"edge_only",
                 std::to_string(width) + " element" + (width == 1 ? "" : "s") + " at the " +
                     Join(bad, ", ") + " have " +
                     Brief(100 * edge.error / scene.survey.whole.error) +
                     " % of the error: rel_l1 of the rest is " + Brief(sides.inner.relative()) +
                     ", of the whole " + Brief(scene.relative()),
                 scene.relative(),
                 sides.inner.relative(),
                 true};
}

}  // namespace

void FindInPlaces(const Scene& scene, std::vector<Finding>& found) {
  const Grid& grid = scene.grid;
  std::optional<Finding> best;
  const auto take = [&best](std::optional<Finding> candidate) {
    if (candidate && (!best || candidate->residual < best->residual)) {
      best = std::move(candidate);
    }
  };
  if (grid.rows.length >= kMinEdge && grid.columns.length >= kMinEdge) {
    take(TryEdge(scene, 1));
    if (!best && grid.rows.length >= 2 * kMinEdge && grid.columns.length >= 2 * kMinEdge) {
      take(TryEdge(scene, 2));
    }
  }
  take(TryStripe(scene, scene.survey.rows, "row"));
  take(TryStripe(scene, scene.survey.columns, "column"));
  take(TryStripe(scene, scene.survey.channels, "channel"));
  if (best) {
    found.push_back(*std::move(best));
  }
}

}  // namespace plumb::diagnosis
