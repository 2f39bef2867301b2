#include "tests/fuzz/agent_seeds.h"

#include <algorithm>

namespace plumb::fuzz {
namespace {

// Command: run and attempt; the model; how many inputs, each; repetitions, probe, deadline.
const std::string kRun("\0\0\0\0\2\0\1\2\1\1\2", 11);
const std::string kNext("\0\1\0\1\2\0\0\2\2\0\2", 11);
const std::string kCancel("\2\0\0\0", 4);
constexpr char kWait = 3;
constexpr char kHonest = 9;

std::string Script(std::string steps, std::string whims) {
  const size_t half = std::max(steps.size(), whims.size());
  steps.resize(half, kWait);
  whims.resize(half, kHonest);
  return steps + whims;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> AgentSeeds() {
  std::vector<std::pair<std::string, std::string>> seeds = {
      {"whole_run", Script(kRun, "")},
      {"two_runs", Script(kRun + kWait + kNext, "")},
      {"busy", Script(kRun + kNext + kRun, "")},
      {"cancelled", Script(kRun + kCancel, "")},
  };
  for (char whim = 1; whim <= 5; ++whim) {
    for (size_t at = 0; at < 16; at += 3) {
      seeds.emplace_back("whim" + std::to_string(whim) + "_at_" + std::to_string(at),
                         Script(kRun + kWait + kNext, std::string(at, kHonest) + whim));
    }
  }
  return seeds;
}

}  // namespace plumb::fuzz
