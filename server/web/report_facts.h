// What the web page takes out of the report of a finished run.
#pragma once

#include <string>

#include "common/base/status.h"
#include "server/web/farm_view.h"

namespace plumb::server {

// Larger reports are not sent to a browser: `plumb report` reads them.
constexpr uint64_t kMaxShownReport = uint64_t{4} << 20;

// The bytes of a plumb.comparison/1 file. kResourceExhausted above kMaxShownReport.
Result<std::string> ReadReport(const std::string& path);

// Fills sdk, worst and first_divergence. kInvalidArgument for what is no report.
Status AddReportFacts(const std::string& report, HistoryView* view);

}  // namespace plumb::server
