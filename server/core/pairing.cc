#include "server/core/pairing.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

namespace plumb::server {
namespace {

using Descs = std::vector<TensorDesc>;

class Matcher {
 public:
  Matcher(const Descs& reference, const Descs& target)
      : reference_(reference),
        target_(target),
        partner_(target.size()),
        used_(reference.size(), false) {}

  void ByNameAndIndex() {
    for (size_t i = 0; i < std::min(reference_.size(), target_.size()); ++i) {
      if (reference_[i].name == target_[i].name) {
        Join(i, i);
      }
    }
  }

  void ByName() {
    std::multimap<std::string, size_t> free;
    for (size_t i = 0; i < reference_.size(); ++i) {
      if (!used_[i]) {
        free.emplace(reference_[i].name, i);
      }
    }
    for (size_t i = 0; i < target_.size(); ++i) {
      const auto found = partner_[i] ? free.end() : free.find(target_[i].name);
      if (found != free.end()) {
        Join(found->second, i);
        free.erase(found);
      }
    }
  }

  void ByIndex() {
    for (size_t i = 0; i < std::min(reference_.size(), target_.size()); ++i) {
      if (!used_[i] && !partner_[i]) {
        Join(i, i);
      }
    }
  }

  [[nodiscard]] Pairing Result() const {
    Pairing result;
    for (size_t i = 0; i < target_.size(); ++i) {
      if (partner_[i]) {
        result.pairs.push_back({static_cast<uint32_t>(*partner_[i]), static_cast<uint32_t>(i)});
      } else {
        result.coverage.missing_in_reference.push_back(target_[i].name);
      }
    }
    for (size_t i = 0; i < reference_.size(); ++i) {
      if (!used_[i]) {
        result.coverage.missing_in_target.push_back(reference_[i].name);
      }
    }
    result.coverage.matched = result.pairs.size();
    return result;
  }

 private:
  void Join(size_t reference, size_t target) {
    used_[reference] = true;
    partner_[target] = reference;
  }

  const Descs& reference_;
  const Descs& target_;
  std::vector<std::optional<size_t>> partner_;  // of each target
  std::vector<bool> used_;                      // of each reference
};

std::vector<std::string> Duplicates(const Descs& descs) {
  std::map<std::string, int> count;
  for (const TensorDesc& desc : descs) {
    ++count[desc.name];
  }
  std::vector<std::string> names;
  for (const auto& [name, times] : count) {
    if (times > 1) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace

Pairing PairOutputs(const Descs& reference, const Descs& target) {
  Matcher matcher(reference, target);
  matcher.ByNameAndIndex();
  matcher.ByName();
  matcher.ByIndex();
  Pairing pairing = matcher.Result();
  pairing.coverage.duplicate = Duplicates(target);
  return pairing;
}

}  // namespace plumb::server
