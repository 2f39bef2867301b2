// What a monitoring system asks of a server: health and metrics.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "common/analysis/report.h"
#include "server/core/run_types.h"
#include "server/core/server_core.h"
#include "server/http/http_server.h"
#include "server/metrics/run_metrics.h"

namespace plumb::server {

class Observatory {
 public:
  explicit Observatory(std::string version) : version_(std::move(version)) {}

  // On the strand.
  void Observe(const RunSummary& run, const analysis::ComparisonReport& report);

  // Any thread but the strand's, which it waits for, two seconds at most:
  // /healthz  200 while the strand answers, else 503
  // /readyz   likewise, and 503 once the server is stopping
  // /metrics  run_metrics.h
  HttpReply Answer(const std::string& path, ServerCore& core);

 private:
  [[nodiscard]] FarmNow Now(ServerCore& core) const;

  std::string version_;
  RunMetrics metrics_;
};

}  // namespace plumb::server
