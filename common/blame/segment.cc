#include "common/blame/segment.h"

#include <optional>
#include <set>

namespace plumb::blame {
namespace {

std::vector<std::optional<uint32_t>> MakersOf(const Network& network) {
  std::vector<std::optional<uint32_t>> makers(network.tensors.size());
  for (size_t i = 0; i < network.layers.size(); ++i) {
    makers.at(network.layers[i].output) = static_cast<uint32_t>(i);
  }
  return makers;
}

Segment SegmentOf(const Network& network,
                  const std::vector<bool>& known,
                  const std::vector<std::optional<uint32_t>>& makers,
                  uint32_t layer) {
  std::set<uint32_t> layers;
  std::set<uint32_t> inputs;
  std::vector<uint32_t> open = {layer};
  while (!open.empty()) {
    const uint32_t next = open.back();
    open.pop_back();
    if (!layers.insert(next).second) {
      continue;
    }
    for (const uint32_t input : network.layers[next].inputs) {
      if (!known[input] && makers[input]) {
        open.push_back(*makers[input]);
      } else {
        inputs.insert(input);
      }
    }
  }
  return {
      network.layers[layer].output, {layers.begin(), layers.end()}, {inputs.begin(), inputs.end()}};
}

}  // namespace

std::vector<Segment> SegmentsOf(const Network& network, const std::vector<bool>& known) {
  const auto makers = MakersOf(network);
  std::vector<Segment> segments;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    if (known.at(network.layers[i].output)) {
      segments.push_back(SegmentOf(network, known, makers, static_cast<uint32_t>(i)));
    }
  }
  return segments;
}

}  // namespace plumb::blame
