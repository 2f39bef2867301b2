#include <algorithm>
#include <array>
#include <limits>

#include "common/base/text.h"
#include "common/diagnosis/grid.h"

namespace plumb::diagnosis {
namespace {

constexpr int kLargestShift = 8;
constexpr size_t kMaxSwapped = 128;
constexpr uint64_t kChannelSamples = 256;

std::string LeftOver(const std::pair<double, double>& errors) {
  return ": rel_l1 falls from " + Brief(errors.first) + " to " + Brief(errors.second);
}

// The target's elements lie as if the axes of `dims` had been put into `order`.
class Permuted {
 public:
  Permuted(const std::array<uint64_t, 4>& dims, const std::array<size_t, 4>& order) {
    for (size_t axis = 0; axis < 4; ++axis) {
      lengths_.at(axis) = dims.at(order.at(axis));
      for (size_t inner = order.at(axis) + 1; inner < 4; ++inner) {
        strides_.at(axis) *= dims.at(inner);
      }
    }
  }

  std::optional<uint64_t> operator()(uint64_t index) const {
    uint64_t source = 0;
    for (size_t axis = 4; axis-- > 0;) {
      source += index % lengths_[axis] * strides_[axis];
      index /= lengths_[axis];
    }
    return source;
  }

 private:
  std::array<uint64_t, 4> lengths_{};
  std::array<uint64_t, 4> strides_{1, 1, 1, 1};
};

void TryLayouts(const Scene& scene, std::vector<Finding>& found) {
  struct Candidate {
    std::array<size_t, 4> order;
    const char* text;
  };

  constexpr std::array<Candidate, 3> kCandidates = {
      {{{0, 3, 1, 2}, "with the channels first (NCHW) where the reference has them last"},
       {{0, 2, 3, 1}, "with the channels last (NHWC) where the reference has them first"},
       {{0, 2, 1, 3}, "with rows and columns exchanged"}}};
  const Shape& shape = scene.subject.shape;
  if (shape.rank() < 3 || shape.rank() > 4) {
    return;
  }
  std::array<uint64_t, 4> dims{1, 1, 1, 1};
  for (size_t axis = 0; axis < shape.rank(); ++axis) {
    dims.at(axis + 4 - shape.rank()) = static_cast<uint64_t>(shape[axis]);
  }
  for (const Candidate& candidate : kCandidates) {
    const auto errors = TryMap(scene, Permuted(dims, candidate.order));
    if (errors) {
      found.push_back({"layout",
                       "the target lies " + std::string(candidate.text) + LeftOver(*errors),
                       errors->first,
                       errors->second});
    }
  }
}

// The place `shift` behind in the axis; empty beyond its ends.
std::optional<uint64_t> Moved(const Axis& axis, uint64_t index, int shift) {
  const auto place = static_cast<int64_t>(axis.PlaceOf(index)) + shift;
  if (place < 0 || place >= static_cast<int64_t>(axis.length)) {
    return std::nullopt;
  }
  return shift < 0 ? index - static_cast<uint64_t>(-shift) * axis.stride
                   : index + static_cast<uint64_t>(shift) * axis.stride;
}

void TryShifts(const Scene& scene,
               const Axis& axis,
               const char* cause,
               const std::string& unit,
               std::vector<Finding>& found) {
  std::optional<std::pair<double, double>> best;
  int best_shift = 0;
  for (int shift = -kLargestShift; shift <= kLargestShift; ++shift) {
    if (shift == 0 || axis.length < 4 || scene.cancel.cancelled()) {
      continue;
    }
    const auto errors =
        TryMap(scene, [&axis, shift](uint64_t index) { return Moved(axis, index, shift); });
    if (errors && (!best || errors->second < best->second)) {
      best = errors;
      best_shift = shift;
    }
  }
  if (!best) {
    return;
  }
  std::string evidence = "target " + unit + " n is reference " + unit + " n";
  evidence += (best_shift > 0 ? "+" : "") + std::to_string(best_shift) + LeftOver(*best);
  found.push_back({cause, std::move(evidence), best->first, best->second});
}

// Channels whose error is no small part of the layer's.
std::vector<uint64_t> BadChannels(const Scene& scene) {
  const std::vector<Error>& errors = scene.survey.channels;
  const double mean = scene.survey.whole.error / static_cast<double>(errors.size());
  std::vector<uint64_t> bad;
  for (uint64_t channel = 0; channel < errors.size(); ++channel) {
    if (errors[channel].error > mean / 4) {
      bad.push_back(channel);
    }
  }
  return bad;
}

// Σ|t − r| between channels over places that are spread over the tensor.
class ChannelDistance {
 public:
  explicit ChannelDistance(const Scene& scene)
      : subject_(scene.subject),
        axis_(scene.grid.channels) {
    const uint64_t places = scene.grid.size / axis_.length;
    const uint64_t count = std::min(places, kChannelSamples);
    for (uint64_t k = 0; k < count; ++k) {
      const uint64_t place = k * places / count;
      places_.push_back(place / axis_.stride * axis_.stride * axis_.length + place % axis_.stride);
    }
  }

  [[nodiscard]] double Between(uint64_t target, uint64_t reference) const {
    double sum = 0;
    for (const uint64_t place : places_) {
      sum += std::abs(double{subject_.target[place + target * axis_.stride]} -
                      double{subject_.reference[place + reference * axis_.stride]});
    }
    return sum;
  }

 private:
  const Subject& subject_;
  const Axis& axis_;
  std::vector<uint64_t> places_;
};

// Where each channel of the target comes from; empty unless it is another order of the same.
std::vector<uint64_t> ChannelOrder(const Scene& scene) {
  const std::vector<uint64_t> bad = BadChannels(scene);
  if (bad.size() < 2 || bad.size() > kMaxSwapped) {
    return {};
  }
  const ChannelDistance distance(scene);
  std::vector<uint64_t> source(scene.grid.channels.length);
  for (uint64_t channel = 0; channel < source.size(); ++channel) {
    source[channel] = channel;
  }
  for (const uint64_t target : bad) {
    double nearest = std::numeric_limits<double>::infinity();
    for (const uint64_t reference : bad) {
      const double between = distance.Between(target, reference);
      if (between < nearest) {
        nearest = between;
        source[target] = reference;
      }
    }
  }
  std::vector<bool> taken(source.size());
  for (const uint64_t channel : source) {
    if (taken[channel]) {
      return {};
    }
    taken[channel] = true;
  }
  return source;
}

std::string OrderText(const std::vector<uint64_t>& source) {
  bool reversed = true;
  std::vector<std::string> moved;
  for (uint64_t channel = 0; channel < source.size(); ++channel) {
    reversed = reversed && source[channel] == source.size() - 1 - channel;
    if (source[channel] != channel) {
      moved.push_back(std::to_string(channel) + " is " + std::to_string(source[channel]));
    }
  }
  if (reversed) {
    return "the " + std::to_string(source.size()) + " channels are in reverse order";
  }
  constexpr size_t kShown = 8;
  const size_t count = moved.size();
  moved.resize(std::min(count, kShown));
  return std::to_string(count) + " channels have changed places (target " + Join(moved, ", ") +
         (count > kShown ? ", ...)" : ")");
}

void TryChannels(const Scene& scene, std::vector<Finding>& found) {
  const Axis& axis = scene.grid.channels;
  // With few places any order can look better by chance.
  if (axis.length < 2 || scene.grid.size / axis.length < 4) {
    return;
  }
  const std::vector<uint64_t> source = ChannelOrder(scene);
  if (source.empty()) {
    return;
  }
  const auto errors = TryMap(scene, [&](uint64_t index) -> std::optional<uint64_t> {
    const uint64_t channel = axis.PlaceOf(index);
    return index - channel * axis.stride + source[channel] * axis.stride;
  });
  if (errors) {
    found.push_back(
        {"channel_order", OrderText(source) + LeftOver(*errors), errors->first, errors->second});
  }
}

}  // namespace

void FindInOrder(const Scene& scene, std::vector<Finding>& found) {
  TryLayouts(scene, found);
  TryChannels(scene, found);
  TryShifts(scene, scene.grid.rows, "shifted_rows", "row", found);
  TryShifts(scene, scene.grid.columns, "shifted_columns", "column", found);
}

}  // namespace plumb::diagnosis
