// The verdict of one tensor.
#pragma once

#include "common/analysis/report.h"
#include "common/analysis/tolerance.h"

namespace plumb::analysis {

// Sets verdict, rule and reason of a report whose numbers are filled. `complete`: all values were
// compared. An incomplete one is kMismatch only where equality was demanded and is broken.
void Judge(const Tolerance& tolerance, bool complete, TensorReport& report);

}  // namespace plumb::analysis
