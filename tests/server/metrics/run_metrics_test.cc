// What runs amount to; expected lines by hand.
#include "server/metrics/run_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb::server {
namespace {

using testing::HasSubstr;

TEST(RunMetricsTest, EveryLabelIsThereBeforeAnythingHappened) {
  const std::string text = RunMetrics().Text({});
  for (const char* line : {"plumb_boards{state=\"idle\"} 0\n",
                           "plumb_boards{state=\"lost\"} 0\n",
                           "plumb_runs{state=\"queued\"} 0\n",
                           "plumb_runs_finished_total{verdict=\"mismatch\"} 0\n",
                           "plumb_run_exits_total{exit_code=\"70\"} 0\n",
                           "plumb_data_removed_total{kind=\"run\"} 0\n",
                           "plumb_data_damaged_files_total 0\n",
                           "plumb_run_seconds_count 0\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(RunMetricsTest, RunsAreCountedByVerdictAndExitCodeAndWhatIsUnknownIsLeftOut) {
  RunMetrics metrics;
  metrics.Observe({"match", 0, 0.2, 2, 0.02, 0.001});
  metrics.Observe({"mismatch", 1, 4, 8, 0.5, -1});
  metrics.Observe({"not_compared", 4, -1, 20, -1, -1});
  FarmNow now;
  now.leased_boards = 2;
  now.version = "1.2.3";
  now.removed_files = 3;
  now.removed_bytes = 4096;
  now.scrubbed_files = 7;
  const std::string text = metrics.Text(now);
  EXPECT_THAT(text, HasSubstr("plumb_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("plumb_boards{state=\"leased\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("plumb_data_removed_total{kind=\"file\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("plumb_data_removed_bytes_total 4096\n"));
  EXPECT_THAT(text, HasSubstr("plumb_data_scrubbed_files_total 7\n"));
  EXPECT_THAT(text, HasSubstr("plumb_runs_finished_total{verdict=\"not_compared\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("plumb_run_exits_total{exit_code=\"4\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("plumb_run_exits_total{exit_code=\"2\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("plumb_run_wait_seconds_count 2\n"));
  EXPECT_THAT(text, HasSubstr("plumb_run_seconds_sum 30\n"));
  EXPECT_THAT(text, HasSubstr("plumb_run_seconds_bucket{le=\"3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("plumb_invoke_seconds_bucket{le=\"0.03\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("plumb_transfer_seconds_count 1\n"));
}

}  // namespace
}  // namespace plumb::server
