#include "common/layers/matching.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace plumb::layers {
namespace {

constexpr size_t kNone = SIZE_MAX;
// Of one gap between two pairs; a table of this many squared entries is filled.
constexpr size_t kMaxAligned = 2000;

bool IsTurned(const Shape& a, const Shape& b) {
  return a.rank() == 4 && b.rank() == 4 && a[0] == b[0] && a[1] == b[3] && a[2] == b[1] &&
         a[3] == b[2];
}

bool SameForm(const Layer& a, const Layer& b) {
  if (!a.shape_known || !b.shape_known) {
    return a.desc.shape.element_count() == b.desc.shape.element_count();
  }
  return a.desc.shape == b.desc.shape || IsTurned(a.desc.shape, b.desc.shape) ||
         IsTurned(b.desc.shape, a.desc.shape);
}

class Matcher {
 public:
  Matcher(const LayerSet& reference, const LayerSet& target)
      : reference_(reference.layers),
        target_(target.layers),
        partner_(target.layers.size(), kNone),
        how_(target.layers.size(), MatchedBy::kName),
        taken_(reference.layers.size(), false),
        fused_(reference.layers.size(), false),
        dropped_reference_(reference.layers.size(), false),
        dropped_target_(target.layers.size(), false) {
    matching_.coverage.constant = reference.constants;
  }

  void ByName() {
    auto names = Index(reference_, taken_, dropped_reference_, false);
    for (auto& [name, targets] : IndexTarget(false)) {
      auto& references = names[name];
      const size_t most = std::max(references.size(), targets.size());
      const bool even = references.size() == targets.size();
      if (most > 1) {
        matching_.coverage.duplicate.push_back(name);
      }
      const size_t pairs =
          even ? most : std::min<size_t>(1, std::min(references.size(), targets.size()));
      for (size_t i = 0; i < pairs; ++i) {
        Pair(references[i], targets[i], MatchedBy::kName);
      }
      if (pairs > 0) {
        Drop(references, pairs, dropped_reference_);
        Drop(targets, pairs, dropped_target_);
      }
    }
  }

  void ByVendorName() {
    auto names = Index(reference_, taken_, dropped_reference_, true);
    for (auto& [name, targets] : IndexTarget(true)) {
      const auto& references = names[name];
      if (references.size() == 1 && targets.size() == 1) {
        Pair(references.front(), targets.front(), MatchedBy::kVendorName);
      }
    }
  }

  void ByMap(const FusionMap& map) {
    auto references = Index(reference_, taken_, dropped_reference_, false);
    auto targets = IndexTarget(false);
    std::set<std::string> present;
    for (const Layer& layer : target_) {
      present.insert(layer.desc.name);
    }
    for (const FusedGroup& group : map.groups) {
      for (const auto& [target, reference] : group.equal_to) {
        if (references.contains(reference) && targets.contains(target)) {
          Pair(references[reference].front(), targets[target].front(), MatchedBy::kMap);
        }
      }
      const bool there = std::any_of(group.targets.begin(),
                                     group.targets.end(),
                                     [&](const auto& name) { return present.contains(name); });
      for (const std::string& name : group.fused) {
        if (there && references.contains(name)) {
          fused_[references[name].front()] = true;
        }
      }
    }
  }

  // Pairs found before stand in one order on both sides, or they do not bound a gap.
  void ByPosition() {
    size_t first_reference = 0;
    size_t first_target = 0;
    for (size_t t = 0; t <= target_.size(); ++t) {
      const bool end = t == target_.size();
      if (!end && (partner_[t] == kNone || partner_[t] < first_reference)) {
        continue;
      }
      const size_t r = end ? reference_.size() : partner_[t];
      Align(first_reference, r, first_target, t);
      first_reference = r + 1;
      first_target = t + 1;
    }
    if (by_position_ > 0) {
      matching_.warnings.push_back(
          (by_position_ == 1 ? "1 layer has" : std::to_string(by_position_) + " layers have") +
          " different names on the two sides, paired by shape and position: check the "
          "pairs (matched_by in the CSV and JSON), or give a fusion map with --map");
    }
  }

  Matching Finish() {
    for (size_t t = 0; t < target_.size(); ++t) {
      if (partner_[t] != kNone) {
        matching_.pairs.push_back({partner_[t], t, how_[t]});
      } else if (!dropped_target_[t]) {
        matching_.coverage.missing_in_reference.push_back(target_[t].desc.name);
      }
    }
    for (size_t r = 0; r < reference_.size(); ++r) {
      if (fused_[r]) {
        matching_.coverage.fused.push_back(reference_[r].desc.name);
      } else if (!taken_[r] && !dropped_reference_[r]) {
        matching_.coverage.missing_in_target.push_back(reference_[r].desc.name);
      }
    }
    matching_.coverage.matched = matching_.pairs.size();
    return std::move(matching_);
  }

 private:
  using NameIndex = std::map<std::string, std::vector<size_t>>;

  static NameIndex Index(const std::vector<Layer>& layers,
                         const std::vector<bool>& used,
                         const std::vector<bool>& dropped,
                         bool sanitised) {
    NameIndex index;
    for (size_t i = 0; i < layers.size(); ++i) {
      if (!used[i] && !dropped[i]) {
        const std::string& name = layers[i].desc.name;
        index[sanitised ? Sanitised(name) : name].push_back(i);
      }
    }
    return index;
  }

  [[nodiscard]] NameIndex IndexTarget(bool sanitised) const {
    std::vector<bool> used(target_.size());
    for (size_t t = 0; t < target_.size(); ++t) {
      used[t] = partner_[t] != kNone;
    }
    return Index(target_, used, dropped_target_, sanitised);
  }

  static void Drop(const std::vector<size_t>& indexes, size_t from, std::vector<bool>& dropped) {
    for (size_t i = from; i < indexes.size(); ++i) {
      dropped[indexes[i]] = true;
    }
  }

  void Pair(size_t reference, size_t target, MatchedBy how) {
    partner_[target] = reference;
    how_[target] = how;
    taken_[reference] = true;
  }

  [[nodiscard]] bool Same(size_t reference, size_t target) const {
    return SameForm(reference_[reference], target_[target]);
  }

  // Entry (i, j): the length of the longest series of equal forms from row i and column j on.
  [[nodiscard]] std::vector<uint16_t> Lengths(const std::vector<size_t>& rows,
                                              const std::vector<size_t>& columns) const {
    const size_t width = columns.size() + 1;
    std::vector<uint16_t> longest((rows.size() + 1) * width, 0);
    for (size_t i = rows.size(); i-- > 0;) {
      for (size_t j = columns.size(); j-- > 0;) {
        longest[i * width + j] =
            Same(rows[i], columns[j])
                ? static_cast<uint16_t>(longest[(i + 1) * width + j + 1] + 1)
                : std::max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
      }
    }
    return longest;
  }

  // Pairs such a series of what is left in the two ranges.
  void Align(size_t reference_begin, size_t reference_end, size_t target_begin, size_t target_end) {
    std::vector<size_t> rows;
    for (size_t r = reference_begin; r < reference_end; ++r) {
      if (!taken_[r] && !fused_[r] && !dropped_reference_[r]) {
        rows.push_back(r);
      }
    }
    std::vector<size_t> columns;
    for (size_t t = target_begin; t < target_end; ++t) {
      if (partner_[t] == kNone && !dropped_target_[t]) {
        columns.push_back(t);
      }
    }
    if (!rows.empty() && std::max(rows.size(), columns.size()) <= kMaxAligned) {
      PairSeries(rows, columns);
    }
  }

  void PairSeries(const std::vector<size_t>& rows, const std::vector<size_t>& columns) {
    const std::vector<uint16_t> longest = Lengths(rows, columns);
    const size_t width = columns.size() + 1;
    size_t i = 0;
    size_t j = 0;
    while (i < rows.size() && j < columns.size()) {
      if (Same(rows[i], columns[j])) {
        Pair(rows[i++], columns[j++], MatchedBy::kPosition);
        ++by_position_;
      } else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
        ++i;
      } else {
        ++j;
      }
    }
  }

  const std::vector<Layer>& reference_;
  const std::vector<Layer>& target_;
  std::vector<size_t> partner_;  // by target
  std::vector<MatchedBy> how_;
  std::vector<bool> taken_;  // by reference
  std::vector<bool> fused_;
  std::vector<bool> dropped_reference_;  // further tensors of a duplicate name
  std::vector<bool> dropped_target_;
  size_t by_position_ = 0;
  Matching matching_;
};

}  // namespace

std::string_view MatchedByName(MatchedBy how) {
  switch (how) {
    case MatchedBy::kName:
      return "name";
    case MatchedBy::kVendorName:
      return "vendor_name";
    case MatchedBy::kMap:
      return "map";
    case MatchedBy::kPosition:
      break;
  }
  return "position";
}

Matching MatchLayers(const LayerSet& reference, const LayerSet& target, const FusionMap& map) {
  Matcher matcher(reference, target);
  matcher.ByName();
  matcher.ByVendorName();
  matcher.ByMap(map);
  matcher.ByPosition();
  return matcher.Finish();
}

}  // namespace plumb::layers
