#include "tests/bench/comparison/rounds.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace plumb::bench {

double Case::median() const {
  std::vector<double> sorted = seconds;
  std::sort(sorted.begin(), sorted.end());
  return sorted.empty() ? 0 : sorted[sorted.size() / 2];
}

double Timed(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void RunRounds(std::vector<Case>& cases, int rounds) {
  for (int round = -1; round < rounds; ++round) {
    for (size_t i = 0; i < cases.size(); ++i) {
      Case& one = cases[round % 2 == 0 ? i : cases.size() - 1 - i];
      const double seconds = one.run();
      if (round >= 0) {
        one.seconds.push_back(seconds);
      }
    }
  }
}

void PrintTable(const std::vector<Case>& cases) {
  std::printf("%-44s %10s %8s %15s  %s\n", "case", "median ms", "GB/s", "min - max", "ratios");
  for (const Case& one : cases) {
    const auto [fast, slow] = std::minmax_element(one.seconds.begin(), one.seconds.end());
    std::printf("%-44s %10.2f %8.2f %6.2f - %6.2f ",
                one.name.c_str(),
                one.median() * 1e3,
                one.bytes / one.median() / 1e9,
                one.bytes / *slow / 1e9,
                one.bytes / *fast / 1e9);
    for (const size_t index : one.baselines) {
      const Case& base = cases[index];
      std::printf(" %.2f x %s;",
                  (one.bytes / one.median()) / (base.bytes / base.median()),
                  base.name.c_str());
    }
    std::printf("\n");
  }
}

}  // namespace plumb::bench
