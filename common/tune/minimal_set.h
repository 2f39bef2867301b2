// The search behind `plumb tune`: which few of many switches must be on for a check to pass.
//
// The switches are tensors raised to INT16, the check is whatever judges the network that results:
// our own comparison or a command of the user's. One judgement may take minutes, so what counts is
// how many are made.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace plumb::tune {

struct Candidate {
  std::string name;
  double sensitivity = 0;  // how much is expected of it; more is tried first
  double cost = 0;         // of having it on, e.g. MACs; breaks ties, less is tried first
};

enum class Judgement : uint8_t {
  kMeets,
  kMisses,
  kUnknown,  // this very set cannot be judged: counts as a miss, and is told apart in the result
};

std::string_view JudgementName(Judgement judgement);

// Judges the network with exactly these on: indices into the candidates, ascending. An error ends
// the search with it.
using Judge = std::function<Result<Judgement>(std::span<const size_t> on)>;

struct MinimalSetOptions {
  size_t max_judgements = 1000;
};

struct MinimalSet {
  std::vector<size_t> on;  // ascending
  size_t judgements = 0;   // made; the same set is never judged twice
  size_t unknown = 0;      // of these, how many could not be judged
  double cost = 0;         // of those that are on
  // judge({all}) was a miss: `on` is empty and means nothing.
  bool impossible = false;
};

// Ends in a set that meets and of which none can be left out: each removal was judged and missed.
//
// For a check that only gets better the more is on, about 2 · log2(k) judgements find the first k
// candidates by sensitivity that meet, and about |set| · log2(k / |set|) more (divide and conquer
// as in QuickXplain: Junker, AAAI 2004) leave what is needed. A check that is not so regular costs
// more judgements, never a wrong answer.
//
//   kResourceExhausted  more than max_judgements
//   kInvalidArgument    a sensitivity or cost that is not finite
Result<MinimalSet> FindMinimalSet(std::span<const Candidate> candidates,
                                  const Judge& judge,
                                  const MinimalSetOptions& options = {});

}  // namespace plumb::tune
