#include "server/metrics/run_metrics.h"

namespace plumb::server {
namespace {

// A run with a board at hand takes a second, a queue may take an hour.
const std::vector<double> kRunSeconds = {0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600};
const std::vector<double> kInvokeSeconds = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30};

void ObserveKnown(Histogram& histogram, double seconds) {
  if (seconds >= 0) {
    histogram.Observe(seconds);
  }
}

void AddData(const FarmNow& now, Exposition& out) {
  out.Family("plumb_data_removed_total", "counter", "What retention removed, by kind.");
  out.Sample(static_cast<double>(now.removed_runs), {{"kind", "run"}});
  out.Sample(static_cast<double>(now.removed_files), {{"kind", "file"}});
  out.Family("plumb_data_removed_bytes_total", "counter", "Bytes that retention removed.");
  out.Sample(static_cast<double>(now.removed_bytes));
  out.Family("plumb_data_scrubbed_files_total", "counter", "Files that were read again.");
  out.Sample(static_cast<double>(now.scrubbed_files));
  out.Family("plumb_data_damaged_files_total", "counter", "Of those, no longer what they were.");
  out.Sample(static_cast<double>(now.damaged_files));
}

}  // namespace

RunMetrics::RunMetrics()
    : waited_(kRunSeconds),
      took_(kRunSeconds),
      invoke_(kInvokeSeconds),
      transfer_(kInvokeSeconds) {}

void RunMetrics::Observe(const FinishedRun& run) {
  for (size_t i = 0; i < kVerdicts.size(); ++i) {
    verdicts_.at(i) += kVerdicts.at(i) == run.verdict ? 1U : 0U;
  }
  for (size_t i = 0; i < kExitCodes.size(); ++i) {
    exit_codes_.at(i) += kExitCodes.at(i) == run.exit_code ? 1U : 0U;
  }
  ObserveKnown(waited_, run.waited);
  ObserveKnown(took_, run.took);
  ObserveKnown(invoke_, run.invoke);
  ObserveKnown(transfer_, run.transfer);
}

std::string RunMetrics::Text(const FarmNow& now) const {
  Exposition out;
  out.Family("plumb_build_info", "gauge", "Always 1; the version is a label.");
  out.Sample(1, {{"version", now.version}});
  out.Family("plumb_boards", "gauge", "Boards by state.");
  out.Sample(static_cast<double>(now.idle_boards), {{"state", "idle"}});
  out.Sample(static_cast<double>(now.leased_boards), {{"state", "leased"}});
  out.Sample(static_cast<double>(now.lost_boards), {{"state", "lost"}});
  out.Family("plumb_runs", "gauge", "Runs that are not finished, by state.");
  out.Sample(static_cast<double>(now.queued_runs), {{"state", "queued"}});
  out.Sample(static_cast<double>(now.preparing_runs), {{"state", "preparing"}});
  out.Sample(static_cast<double>(now.running_runs), {{"state", "running"}});
  out.Sample(static_cast<double>(now.judging_runs), {{"state", "judging"}});
  out.Family("plumb_runs_finished_total", "counter", "Finished runs by verdict.");
  for (size_t i = 0; i < kVerdicts.size(); ++i) {
    out.Sample(static_cast<double>(verdicts_.at(i)), {{"verdict", std::string(kVerdicts.at(i))}});
  }
  out.Family("plumb_run_exits_total", "counter", "Finished runs by exit code (docs/cli.md).");
  for (size_t i = 0; i < kExitCodes.size(); ++i) {
    out.Sample(static_cast<double>(exit_codes_.at(i)),
               {{"exit_code", std::to_string(kExitCodes.at(i))}});
  }
  out.Family("plumb_run_wait_seconds", "histogram", "From submission until a board was leased.");
  out.Sample(waited_);
  out.Family("plumb_run_seconds", "histogram", "From submission until the verdict.");
  out.Sample(took_);
  out.Family("plumb_invoke_seconds", "histogram", "Of an Invoke on the board.");
  out.Sample(invoke_);
  out.Family("plumb_transfer_seconds", "histogram", "Of the outputs from the board to the server.");
  out.Sample(transfer_);
  AddData(now, out);
  return out.text();
}

}  // namespace plumb::server
