// ComparisonReport to and from the JSON of docs/cli.md (plumb.comparison/1).
#pragma once

#include <string>
#include <string_view>

#include "common/analysis/report.h"
#include "common/base/status.h"

namespace plumb::archive {

// Keys in one order, two spaces of indentation, a newline at the end: equal reports give equal
// bytes. Text that is not UTF-8 is escaped. Never NaN: missing numbers are null.
std::string ReportToJson(const analysis::ComparisonReport& report);

// Reads what ReportToJson writes; unknown keys are passed over. kInvalidArgument names the key.
Result<analysis::ComparisonReport> ReportFromJson(std::string_view text);

}  // namespace plumb::archive
