#include "common/tune/minimal_set.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace plumb::tune {
namespace {

// Positions in the order of search, not candidates' indices.
using Positions = std::vector<size_t>;

std::vector<size_t> OrderOfSearch(std::span<const Candidate> candidates) {
  std::vector<size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (candidates[a].sensitivity != candidates[b].sensitivity) {
      return candidates[a].sensitivity > candidates[b].sensitivity;
    }
    return candidates[a].cost < candidates[b].cost;
  });
  return order;
}

Positions Joined(const Positions& a, const Positions& b) {
  Positions both = a;
  both.insert(both.end(), b.begin(), b.end());
  return both;
}

class Search {
 public:
  Search(std::span<const Candidate> candidates, const Judge& judge, size_t max_judgements)
      : candidates_(candidates),
        judge_(judge),
        max_judgements_(max_judgements),
        order_(OrderOfSearch(candidates)) {}

  Result<MinimalSet> Run() {
    PLUMB_ASSIGN_OR_RETURN(const bool nothing, Meets({}));
    if (nothing || order_.empty()) {
      MinimalSet none = Finish({});
      none.impossible = !nothing;
      return none;
    }
    PLUMB_ASSIGN_OR_RETURN(const size_t count, ShortestPrefix());
    if (count == 0) {
      MinimalSet none = Finish({});
      none.impossible = true;
      return none;
    }
    Positions prefix(count);
    std::iota(prefix.begin(), prefix.end(), size_t{0});
    PLUMB_ASSIGN_OR_RETURN(Positions needed, Needed({}, false, prefix));
    // A check that is not regular may miss with what Needed leaves: then start from what met.
    PLUMB_ASSIGN_OR_RETURN(const bool enough, Meets(needed));
    PLUMB_ASSIGN_OR_RETURN(needed, Thinned(enough ? std::move(needed) : std::move(prefix)));
    return Finish(needed);
  }

 private:
  Result<bool> Meets(const Positions& positions) {
    std::vector<size_t> on;
    on.reserve(positions.size());
    for (const size_t position : positions) {
      on.push_back(order_[position]);
    }
    std::sort(on.begin(), on.end());
    const auto known = judged_.find(on);
    if (known != judged_.end()) {
      return known->second;
    }
    if (judged_.size() >= max_judgements_) {
      return ResourceExhaustedError("no answer after " + std::to_string(max_judgements_) +
                                    " judgements")
          .WithHint("allow more, or offer fewer tensors");
    }
    PLUMB_ASSIGN_OR_RETURN(const Judgement judgement, judge_(on));
    unknown_ += judgement == Judgement::kUnknown ? 1 : 0;
    judged_.emplace(std::move(on), judgement == Judgement::kMeets);
    return judgement == Judgement::kMeets;
  }

  Result<bool> PrefixMeets(size_t count) {
    Positions prefix(count);
    std::iota(prefix.begin(), prefix.end(), size_t{0});
    return Meets(prefix);
  }

  // How many of the first in order meet, with one less that do not; 0 when not even all do. Doubles
  // first: the answer is small as a rule.
  Result<size_t> ShortestPrefix() {
    size_t misses = 0;
    size_t meets = 0;
    for (size_t count = 1; meets == 0; count *= 2) {
      const size_t tried = std::min(count, order_.size());
      PLUMB_ASSIGN_OR_RETURN(const bool met, PrefixMeets(tried));
      (met ? meets : misses) = tried;
      if (!met && tried == order_.size()) {
        return size_t{0};
      }
    }
    while (meets - misses > 1) {
      const size_t middle = misses + (meets - misses) / 2;
      PLUMB_ASSIGN_OR_RETURN(const bool met, PrefixMeets(middle));
      (met ? meets : misses) = middle;
    }
    return meets;
  }

  // What of `open` is needed when `given` is on anyhow. `grown`: `given` has become more since it
  // was last judged. Drops the later half first, which is expected to matter less.
  Result<Positions> Needed(const Positions& given, bool grown, const Positions& open) {
    if (grown) {
      PLUMB_ASSIGN_OR_RETURN(const bool met, Meets(given));
      if (met) {
        return Positions();
      }
    }
    if (open.size() <= 1) {
      return open;
    }
    const auto middle = open.begin() + static_cast<std::ptrdiff_t>(open.size() / 2);
    const Positions first(open.begin(), middle);
    const Positions second(middle, open.end());
    PLUMB_ASSIGN_OR_RETURN(const Positions of_second, Needed(Joined(given, first), true, second));
    PLUMB_ASSIGN_OR_RETURN(const Positions of_first,
                           Needed(Joined(given, of_second), !of_second.empty(), first));
    return Joined(of_first, of_second);
  }

  // Leaves one out after the other until each removal misses; the dearest first.
  Result<Positions> Thinned(Positions on) {
    const auto dearer = [this](size_t a, size_t b) {
      const Candidate& left = candidates_[order_[a]];
      const Candidate& right = candidates_[order_[b]];
      return left.cost != right.cost ? left.cost > right.cost : a > b;
    };
    std::sort(on.begin(), on.end(), dearer);
    for (size_t i = 0; i < on.size();) {
      Positions without = on;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
      PLUMB_ASSIGN_OR_RETURN(const bool met, Meets(without));
      if (met) {
        on = std::move(without);
        // Those tried before were tried with more on.
        i = 0;
      } else {
        ++i;
      }
    }
    return on;
  }

  [[nodiscard]] MinimalSet Finish(const Positions& positions) const {
    MinimalSet result;
    for (const size_t position : positions) {
      result.on.push_back(order_[position]);
      result.cost += candidates_[order_[position]].cost;
    }
    std::sort(result.on.begin(), result.on.end());
    result.judgements = judged_.size();
    result.unknown = unknown_;
    return result;
  }

  std::span<const Candidate> candidates_;
  const Judge& judge_;
  const size_t max_judgements_;
  const std::vector<size_t> order_;
  std::map<std::vector<size_t>, bool> judged_;
  size_t unknown_ = 0;
};

}  // namespace

std::string_view JudgementName(Judgement judgement) {
  switch (judgement) {
    case Judgement::kMeets:
      return "meets";
    case Judgement::kMisses:
      return "misses";
    case Judgement::kUnknown:
      return "unknown";
  }
  return "unknown";
}

Result<MinimalSet> FindMinimalSet(std::span<const Candidate> candidates,
                                  const Judge& judge,
                                  const MinimalSetOptions& options) {
  for (const Candidate& candidate : candidates) {
    if (!std::isfinite(candidate.sensitivity) || !std::isfinite(candidate.cost)) {
      return InvalidArgumentError("'" + candidate.name + "' has no finite sensitivity and cost");
    }
  }
  return Search(candidates, judge, options.max_judgements).Run();
}

}  // namespace plumb::tune
