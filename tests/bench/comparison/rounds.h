// Interleaved measuring: every case once a round, so that what disturbs the machine disturbs all;
// medians; ratios against other cases of the same run.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace plumb::bench {

struct Case {
  std::string name;
  double bytes = 0;               // what one run reads, for GB/s
  std::function<double()> run;    // seconds
  std::vector<size_t> baselines;  // indexes of cases to give a ratio against
  std::vector<double> seconds;    // filled by RunRounds

  [[nodiscard]] double median() const;
};

// Seconds that `work` takes.
double Timed(const std::function<void()>& work);

// Runs all cases `rounds` times, every other round backwards, after one round that is thrown away.
void RunRounds(std::vector<Case>& cases, int rounds);

// A line per case: median time, GB/s with the slowest and fastest round, throughput as a multiple
// of each baseline.
void PrintTable(const std::vector<Case>& cases);

}  // namespace plumb::bench
