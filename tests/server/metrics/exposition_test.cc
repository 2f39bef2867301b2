// The text format, by hand from its specification.
#include "server/metrics/exposition.h"

#include <cmath>

#include <gtest/gtest.h>

namespace plumb::server {
namespace {

TEST(ExpositionTest, SamplesFollowTheirFamily) {
  Exposition out;
  out.Family("a_total", "counter", "Help.");
  out.Sample(3);
  out.Sample(0.5, {{"x", "say \"hi\"\\\n"}, {"y", "z"}});
  EXPECT_EQ(out.text(),
            "# HELP a_total Help.\n"
            "# TYPE a_total counter\n"
            "a_total 3\n"
            "a_total{x=\"say \\\"hi\\\"\\\\\\n\",y=\"z\"} 0.5\n");
}

TEST(ExpositionTest, BucketsAreCumulatedAndABoundBelongsToItsBucket) {
  Histogram histogram({0.1, 1});
  for (const double value : {0.05, 0.1, 0.5, 7.0, std::nan("")}) {
    histogram.Observe(value);
  }
  Exposition out;
  out.Family("t", "histogram", "T.");
  out.Sample(histogram);
  EXPECT_EQ(out.text(),
            "# HELP t T.\n"
            "# TYPE t histogram\n"
            "t_bucket{le=\"0.1\"} 2\n"
            "t_bucket{le=\"1\"} 3\n"
            "t_bucket{le=\"+Inf\"} 4\n"
            "t_sum 7.65\n"
            "t_count 4\n");
}

}  // namespace
}  // namespace plumb::server
