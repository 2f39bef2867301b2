#include "common/advice/raise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>

#include "common/base/text.h"

namespace plumb::advice {
namespace {

// What the operations read, by name where the dump says it, else by the order of execution.
class Graph {
 public:
  explicit Graph(const std::vector<LayerFacts>& layers) : layers_(layers) {
    for (size_t i = 0; i < layers.size(); ++i) {
      made_by_.emplace(layers[i].name, i);
      for (const std::string& input : layers[i].inputs) {
        readers_[input].push_back(i);
      }
      knows_inputs_ = knows_inputs_ || !layers[i].inputs.empty();
    }
  }

  [[nodiscard]] bool knows_inputs() const { return knows_inputs_; }

  // The layer that makes what `layer` reads first; empty: an input of the network.
  [[nodiscard]] std::optional<size_t> Before(size_t layer) const {
    if (!knows_inputs_) {
      return layer == 0 ? std::nullopt : std::optional<size_t>(layer - 1);
    }
    if (layers_[layer].inputs.empty()) {
      return std::nullopt;
    }
    const auto maker = made_by_.find(layers_[layer].inputs.front());
    return maker == made_by_.end() || maker->second >= layer ? std::nullopt
                                                             : std::optional<size_t>(maker->second);
  }

  [[nodiscard]] std::vector<size_t> Behind(size_t layer) const {
    if (!knows_inputs_) {
      return layer + 1 < layers_.size() ? std::vector<size_t>{layer + 1} : std::vector<size_t>{};
    }
    const auto readers = readers_.find(layers_[layer].name);
    return readers == readers_.end() ? std::vector<size_t>{} : readers->second;
  }

  [[nodiscard]] std::optional<size_t> ConvolutionBefore(size_t layer) const {
    std::optional<size_t> at = Before(layer);
    while (at && !IsConvolution(layers_[*at].op)) {
      at = Before(*at);
    }
    return at;
  }

  [[nodiscard]] std::optional<size_t> ConvolutionBehind(size_t layer) const {
    std::vector<size_t> next = Behind(layer);
    while (!next.empty()) {
      const auto found = std::find_if(
          next.begin(), next.end(), [this](size_t i) { return IsConvolution(layers_[i].op); });
      if (found != next.end()) {
        return *found;
      }
      // Operations come in the order of execution, so this ends.
      const size_t first = next.front();
      next = Behind(first);
      std::erase_if(next, [first](size_t i) { return i <= first; });
    }
    return std::nullopt;
  }

  [[nodiscard]] bool IsReadByConvolution(size_t layer) const {
    const std::vector<size_t> behind = Behind(layer);
    return std::any_of(
        behind.begin(), behind.end(), [this](size_t i) { return IsConvolution(layers_[i].op); });
  }

 private:
  const std::vector<LayerFacts>& layers_;
  std::map<std::string, size_t> made_by_;
  std::map<std::string, std::vector<size_t>> readers_;
  bool knows_inputs_ = false;
};

class Collector {
 public:
  explicit Collector(const NetworkFacts& facts) : layers_(facts.layers), graph_(facts.layers) {}

  // What the convolution reads is the output of another layer; the network's own input is not
  // raised, its pixels are exact in 8 bits.
  void AddInputOf(size_t convolution, const std::string& why) {
    const std::optional<size_t> maker = graph_.Before(convolution);
    if (maker && HasEightBits(layers_[*maker])) {
      Add(*maker, why, !graph_.knows_inputs());
    }
  }

  void AddFor(size_t bad) {
    const LayerFacts& layer = layers_[bad];
    const std::string text = layer.op + " " + layer.name + " (" + FiguresOf(layer) + ")";
    if (IsConvolution(layer.op)) {
      AddInputOf(bad, "read by " + text);
      return;
    }
    if (const auto before = graph_.ConvolutionBefore(bad)) {
      AddInputOf(*before, "read by the convolution before " + text);
    }
    if (const auto behind = graph_.ConvolutionBehind(bad)) {
      AddInputOf(*behind, "read by the convolution behind " + text);
    }
  }

  void AddWide(size_t place) {
    const LayerFacts& layer = layers_[place];
    const double low = layer.range ? layer.range->low : layer.reference_min.value_or(0);
    const double high = layer.range ? layer.range->high : layer.reference_max.value_or(0);
    const bool wide =
        high - low > kWideRange || std::max(std::abs(low), std::abs(high)) > kWideRange;
    const bool known = layer.range || layer.type.find("INT8") != std::string::npos;
    if (wide && known && HasEightBits(layer) && graph_.IsReadByConvolution(place)) {
      Add(place,
          layer.type + " over " + Brief(low) + " to " + Brief(high) + ", which is more than 20",
          !graph_.knows_inputs());
    }
  }

  std::vector<Raised> Take(size_t& left_out) {
    left_out = left_out_;
    return std::move(raised_);
  }

 private:
  void Add(size_t place, const std::string& why, bool assumed) {
    const std::string& name = layers_[place].name;
    const bool known = std::any_of(raised_.begin(), raised_.end(), [&name](const Raised& other) {
      return other.tensor == name;
    });
    if (known) {
      return;
    }
    if (raised_.size() == kMaxRaised) {
      ++left_out_;
      return;
    }
    raised_.push_back({name, why, assumed});
  }

  const std::vector<LayerFacts>& layers_;
  Graph graph_;
  std::vector<Raised> raised_;
  size_t left_out_ = 0;
};

}  // namespace

bool IsConvolution(std::string_view op) {
  constexpr std::array<std::string_view, 4> kConvolutions = {
      "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED"};
  return std::find(kConvolutions.begin(), kConvolutions.end(), op) != kConvolutions.end();
}

std::string Brief(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

std::string FiguresOf(const LayerFacts& layer) {
  return "rel_l1 " + (layer.relative_l1 ? Brief(*layer.relative_l1) : "-") + ", cosine " +
         (layer.cosine ? Brief(*layer.cosine) : "-");
}

bool HasEightBits(const LayerFacts& layer) {
  return layer.range ? layer.range->bits == 8 : layer.type.find("16") == std::string::npos;
}

std::vector<Raised> TensorsToRaise(const NetworkFacts& facts, size_t& left_out) {
  Collector collector(facts);
  if (facts.change_point && *facts.change_point < facts.layers.size()) {
    collector.AddFor(*facts.change_point);
  }
  for (size_t i = 0; i < facts.layers.size(); ++i) {
    if (facts.layers[i].bad) {
      collector.AddFor(i);
    }
  }
  for (size_t i = 0; i < facts.layers.size(); ++i) {
    collector.AddWide(i);
  }
  return collector.Take(left_out);
}

}  // namespace plumb::advice
