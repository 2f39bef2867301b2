// What a server's runs and boards amount to, for a monitoring system.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/metrics/exposition.h"

namespace plumb::server {

// Of a run that is over. Seconds; negative: unknown.
struct FinishedRun {
  std::string_view verdict;  // "match", "mismatch", "not_compared"
  int exit_code = 0;
  double waited = -1;    // from submission to a board
  double took = -1;      // from submission to the verdict
  double invoke = -1;    // on the board
  double transfer = -1;  // of the outputs from the board
};

// What is now.
struct FarmNow {
  uint64_t idle_boards = 0;
  uint64_t leased_boards = 0;
  uint64_t lost_boards = 0;  // their stream broke a moment ago, their run waits for them
  uint64_t queued_runs = 0;
  uint64_t preparing_runs = 0;
  uint64_t running_runs = 0;
  uint64_t judging_runs = 0;
  uint64_t removed_runs = 0;  // these five: of the data folder, since the server began
  uint64_t removed_files = 0;
  uint64_t removed_bytes = 0;
  uint64_t scrubbed_files = 0;
  uint64_t damaged_files = 0;
  std::string version;
};

// Not thread-safe.
class RunMetrics {
 public:
  RunMetrics();

  void Observe(const FinishedRun& run);

  // Every family with every value its labels can have, so that an alert never waits for a first
  // event (docs/metrics-endpoint.md).
  [[nodiscard]] std::string Text(const FarmNow& now) const;

 private:
  static constexpr std::array<std::string_view, 3> kVerdicts = {
      "match", "mismatch", "not_compared"};
  static constexpr std::array<int, 8> kExitCodes = {0, 1, 2, 3, 4, 5, 6, 70};

  std::array<uint64_t, 3> verdicts_{};
  std::array<uint64_t, 8> exit_codes_{};
  Histogram waited_;
  Histogram took_;
  Histogram invoke_;
  Histogram transfer_;
};

}  // namespace plumb::server
