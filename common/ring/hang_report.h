// What the machine says while a child hangs.
#pragma once

#include <string>

#include "common/ring/process_runner.h"

namespace plumb {

// Starts options.argv with options.hang_report_flag behind it and returns what it writes to stdout
// within a second: at most 400 bytes, one line, fit for a terminal. "" when there is no such flag,
// or the program cannot be started, does not end in time (then it is killed) or fails. A process of
// its own, since reading a hung driver's files may never come back.
std::string AskAboutHang(const ProcessRunnerOptions& options);

}  // namespace plumb
