// One hook as a child process, from its start to its end.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "common/base/status.h"
#include "server/hooks/hook_config.h"

namespace plumb::server {

// What it is run for.
struct HookCall {
  Hook hook = Hook::kBeforeLease;
  std::string board;
  std::string run;     // its id
  std::string reason;  // why the board counts as hung, or how the run ended; may be empty
};

// Blocks until the program has ended, at most its time-out; the calling thread must live on until
// then. `deadline` is asked again and again and ends it earlier.
//
// The program gets the server's environment with PLUMB_HOOK, PLUMB_BOARD, PLUMB_RUN and
// PLUMB_REASON, no input, and a process group of its own. What it says is logged, the last eight
// kilobytes of it. Errors, all with reason hook_failed: it could not be started, ended with another
// exit code than 0 or by a signal, or was killed because its time was over.
Status RunHookCommand(const HookCommand& command,
                      const HookCall& call,
                      const std::function<std::chrono::steady_clock::time_point()>& deadline);

}  // namespace plumb::server
