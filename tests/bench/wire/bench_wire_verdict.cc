// How long after the last byte of the later leg the verdicts are out, and how much of the comparing
// was left to do by then: real programs, from the runs' own reports.
//   bench_wire_verdict [RUNS]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/e2e/farm.h"

#include <nlohmann/json.hpp>

namespace {

using plumb::test::Farm;
using plumb::test::OfflineModel;

constexpr double kTargetMs = 2;

struct Runs {
  std::vector<double> verdict_ms;
  std::vector<double> overlap;  // at least
  std::vector<double> compare_ms;
  std::vector<double> transfer_ms;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

// False when the run did not end with a match.
bool Measure(Farm& farm, const OfflineModel& model, Runs& runs) {
  if (farm.RunModel(model, {"--board", "camera"}).exit.code != 0) {
    return false;
  }
  const auto report = nlohmann::json::parse(farm.report(), nullptr, false);
  if (report.is_discarded()) {
    return false;
  }
  const auto& timing = report["timing"];
  const double verdict = timing["verdict_after_last_byte_ms"];
  const double compare = timing["compare_ms"];
  runs.verdict_ms.push_back(verdict);
  runs.compare_ms.push_back(compare);
  runs.transfer_ms.push_back(timing["transfer_ms"]);
  // What was left after the last byte cannot have taken longer than the verdict.
  runs.overlap.push_back(std::max(0.0, 1 - verdict / compare));
  return true;
}

void Print(const char* name, const Runs& runs) {
  const auto [low, high] = std::minmax_element(runs.verdict_ms.begin(), runs.verdict_ms.end());
  std::printf("| %s | %.2f (%.2f-%.2f) | %.2f | %.0f | %.0f | %.1f %% |\n",
              name,
              Median(runs.verdict_ms),
              *low,
              *high,
              Median(runs.verdict_ms) / kTargetMs,
              Median(runs.transfer_ms),
              Median(runs.compare_ms),
              100 * Median(runs.overlap));
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 5;
  if (count < 1) {
    return 2;
  }
  Farm farm;
  farm.AddBoard("camera", "S6");
  const std::vector<std::pair<const char*, const OfflineModel*>> models = {
      {"BlazeFace, 30 KiB", &plumb::test::BlazeFace("S6")},
      {"32 MiB FP32", &plumb::test::WideFloatModel(32)},
      {"256 MiB FP32", &plumb::test::WideFloatModel(256)}};
  std::printf("Medians of %d runs, server, board and simulator on this machine\n\n", count);
  std::printf(
      "| output | last byte to verdict, ms (min-max) | of 2 ms | transfer ms | compare ms |"
      " compared by the last byte, at least |\n|---|---|---|---|---|---|\n");
  for (const auto& [name, model] : models) {
    Runs runs;
    for (int run = 0; run < count; ++run) {
      if (!Measure(farm, *model, runs)) {
        std::fprintf(stderr, "bench_wire_verdict: a run failed\n");
        return 1;
      }
    }
    Print(name, runs);
  }
  return 0;
}
