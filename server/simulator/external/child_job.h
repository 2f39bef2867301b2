// One run of another program to its end: in a folder of its own, with a time limit, its whole
// process group killed, the end of what it said kept.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/base/subprocess.h"

namespace plumb::server {

struct ChildJob {
  std::string name;  // for messages: "simulator.py"
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  // added to this process's
  std::filesystem::path working_folder;
  std::chrono::milliseconds time_limit{0};
};

struct ChildEnd {
  ExitInfo exit;
  std::string words;  // the last 8 KiB of stdout and stderr together
};

// Blocks. Errors: cancel's status; simulator_hung when the time is over; simulator_missing when the
// program cannot be started. How it ended is not judged.
Result<ChildEnd> RunChild(const ChildJob& job, const CancelToken& cancel);

// The last lines of `words` for a message: "; its last words: a | b"; empty for none.
std::string LastWords(const std::string& words);

// An error for a program that ended badly: simulator_python where its words say that Python or its
// modules do not fit, else simulator_crashed.
Status ChildFailure(const ChildJob& job, const ChildEnd& end);

}  // namespace plumb::server
