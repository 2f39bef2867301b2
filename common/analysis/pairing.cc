#include "common/analysis/pairing.h"

#include <algorithm>
#include <map>

namespace plumb::analysis {
namespace {

// Name to the first tensor of that name; repeated names go to `duplicate`, each once.
std::map<std::string, size_t> IndexNames(const std::vector<std::string>& names,
                                         std::vector<std::string>& duplicate) {
  std::map<std::string, size_t> index;
  for (size_t i = 0; i < names.size(); ++i) {
    const bool repeated = !index.emplace(names[i], i).second;
    if (repeated && std::find(duplicate.begin(), duplicate.end(), names[i]) == duplicate.end()) {
      duplicate.push_back(names[i]);
    }
  }
  return index;
}

}  // namespace

Pairing PairByName(const std::vector<std::string>& reference,
                   const std::vector<std::string>& target) {
  if (reference.size() == 1 && target.size() == 1) {
    return PairByIndex(reference, target);
  }
  Pairing pairing;
  Coverage& coverage = pairing.coverage;
  auto reference_index = IndexNames(reference, coverage.duplicate);
  const auto target_index = IndexNames(target, coverage.duplicate);
  for (size_t i = 0; i < target.size(); ++i) {
    if (target_index.at(target[i]) != i) {
      continue;
    }
    const auto found = reference_index.find(target[i]);
    if (found == reference_index.end()) {
      coverage.missing_in_reference.push_back(target[i]);
    } else {
      pairing.pairs.emplace_back(found->second, i);
    }
  }
  for (size_t i = 0; i < reference.size(); ++i) {
    if (reference_index.at(reference[i]) == i && !target_index.contains(reference[i])) {
      coverage.missing_in_target.push_back(reference[i]);
    }
  }
  coverage.matched = pairing.pairs.size();
  return pairing;
}

Pairing PairByIndex(const std::vector<std::string>& reference,
                    const std::vector<std::string>& target) {
  Pairing pairing;
  const size_t both = std::min(reference.size(), target.size());
  for (size_t i = 0; i < both; ++i) {
    pairing.pairs.emplace_back(i, i);
  }
  const auto from = static_cast<std::ptrdiff_t>(both);
  pairing.coverage.matched = both;
  pairing.coverage.missing_in_target.assign(reference.begin() + from, reference.end());
  pairing.coverage.missing_in_reference.assign(target.begin() + from, target.end());
  return pairing;
}

}  // namespace plumb::analysis
