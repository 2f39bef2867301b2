// A comparison report for people.
#pragma once

#include "client/cli/frame/console.h"
#include "common/analysis/report.h"

namespace plumb::client {

// Which side is which: two lines, printed before any number.
void SayRoles(Console& console,
              const analysis::Operand& reference,
              const analysis::Operand& target);

// One row a tensor, where the first difference is, coverage that is not whole, the diagnosis with
// evidence and advice, and the verdict as the concluding line.
void SayReport(Console& console, const analysis::ComparisonReport& report);

}  // namespace plumb::client
